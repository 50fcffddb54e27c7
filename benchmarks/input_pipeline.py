"""How many frames a second one process of a host feeds to a device that asks for nothing else.

    python benchmarks/input_pipeline.py [--data-dir DIR] [--batch 256] [--seconds 10]

Takes batches of ST-GAN's training windows (32 frames of walkers), in both layouts, without training
on them: while each contour is made for the first time (or always, where there is no room to keep
them), and when all are there. Printed beside it: what one H100 takes (docs/benchmarks.md), and how
many such processes keep it busy. A process has one core here; a host has as many processes as
devices.
"""

import argparse
import time

import numpy as np
import scale

from configs import stgan, stgan_resampled
from gait_jax import runs
from gait_jax.data import windows
from gait_jax.data.batches import TrainingData, train_batches
from gait_jax.runtime import allocator

_H100 = {layout.name: layout.rate for layout in scale.LAYOUTS}
_CONFIGS = {"padded": stgan, "resampled": stgan_resampled}


def _rate(data: TrainingData, batch: int, seconds: float) -> float:
    """Frames a second that batches bring, for so long."""
    batches = train_batches(data.train, batch, seed=0)
    taken, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        taken += next(batches)["counts"].size
    return taken / (time.perf_counter() - begin)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", default="", help="where data sets stand; TFDS's by default")
    parser.add_argument("--batch", type=int, default=256, help="windows (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10, help="of each (default: %(default)s)")
    args = parser.parse_args()
    # As where it trains.
    allocator.keep_freed_memory()
    print("| layout | contours | frames/s | of what one H100 takes |\n|---|---|---|---|")
    for layout, module in _CONFIGS.items():
        config = module.get_config("data=walkers").data
        config.data_dir = args.data_dir
        dataset = runs.open_data(config, seed=0)
        data = windows.window_data(dataset, config)
        made = _rate(data, args.batch, args.seconds)
        # Each window once.
        for first in range(0, len(data.train), args.batch):
            indices = np.arange(first, min(first + args.batch, len(data.train)))
            data.train.take(indices, indices.astype(np.uint32))
        kept = _rate(data, args.batch, args.seconds)
        for how, rate in (("made", made), ("kept", kept)):
            print(f"| {layout} | {how} | {rate:,.0f} | {rate / _H100[layout]:.0%} |", flush=True)


if __name__ == "__main__":
    main()
