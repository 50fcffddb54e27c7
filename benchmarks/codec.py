"""Contour codec on a folder of real silhouettes: faithfulness and speed on one core.

    python benchmarks/codec.py DIR [--every N]

Prints for each layout the IoU of the cleaned mask with its round trip (mean, 1st percentile, least)
and the frames/s of encoding and decoding together (cleaning and file reading not counted).
"""

import argparse
import collections
import pathlib
import time

import cv2
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.gait.codec import PADDED, RESAMPLED, ContourCodec


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1, help="measure every N-th frame")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    files = sorted(args.directory.rglob("*.png"))[:: args.every]
    codecs = (ContourCodec(PADDED, 2000), ContourCodec(RESAMPLED, 512))
    iou = {codec: [] for codec in codecs}
    seconds = dict.fromkeys(codecs, 0.0)
    flaws = collections.Counter()
    for file in files:
        mask = silhouette.clean(silhouette.binarize(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)))
        flaws[silhouette.flaw(mask) or "usable"] += 1
        if not mask.any():
            continue
        for codec in codecs:
            start = time.perf_counter()
            decoded = codec.decode(*codec.encode(mask), mask.shape)
            seconds[codec] += time.perf_counter() - start
            iou[codec].append((decoded & mask).sum() / (decoded | mask).sum())
    print(f"{len(files)} frames: {dict(flaws)}")
    for codec in codecs:
        values = np.array(iou[codec])
        print(
            f"{codec.layout:9s} {codec.points:4d} points: IoU mean {values.mean():.4f}, "
            f"1st percentile {np.percentile(values, 1):.4f}, least {values.min():.4f}; "
            f"{len(values) / seconds[codec]:.0f} frames/s"
        )


if __name__ == "__main__":
    main()
