"""One ST-GAN training step here beside the same in PyTorch: frames/s, and their ratio.

    python benchmarks/training_step.py [--config NAME ...] [--batch N] [--repeats N] [--steps N]

Needs the extra `benchmarks`; no data set. Both sides have the same networks, parameters, losses,
float32 and batch: random smooth contours. PyTorch runs eagerly on all cores. A step is the
noise contour from G_N, G forwards once, both discriminators updated by Adam, G updated by Adam, and
its running mean. What this project's step reports beyond the losses is computed on its side only.

In the padded layout contours end long before the vectors do, and this project computes what is
padding in all of them once, PyTorch for each: what of the ratio comes of that, `--whole` shows. It
gives this side contours with all of their padding, too, as before it knew of any.

Each framework has a process of its own. They take turns and never run at the same time; a turn is
one step that is not counted, then `--steps` that are. Before anything is timed the outputs of the
networks and the losses of the first two steps are compared; it stops if they are more than 1e-4
apart.

Run it on a machine that has nothing else to do: PyTorch's threads wait for each other at every
operator, so that any other load slows it down many times.
"""

import argparse
import multiprocessing
import multiprocessing.connection
import os
import sys
import time
import traceback
from typing import Any

import ml_collections
import numpy as np

from configs import stgan, stgan_resampled

# A process loads one framework only: both are imported where they are used.

_CONFIGS = {"stgan": stgan, "stgan_resampled": stgan_resampled}
_TOLERANCE = 1e-4
_CHECKED_STEPS = 2
_WARM_UP = 5


def random_batch(
    data: ml_collections.ConfigDict, count: int, whole: bool = False
) -> dict[str, np.ndarray]:
    """Smooth closed contours about a body height tall, which change from frame to frame.

    Args:
      data: the configuration's `data`.
      count: B.
      whole: whether padded contours keep their padding beyond the longest of them.

    Returns:
      A batch as `gait_jax.data.windows` makes them: padded contours have about 318 points, the mean
      of CASIA-B at half its size, and no padding beyond the longest of them.
    """
    generator = np.random.default_rng(0)
    shape = count, data.frames
    if data.layout == "padded":
        counts = generator.normal(318, 25, shape).round().clip(8, data.points).astype(np.int32)
    else:
        counts = np.full(shape, data.points, np.int32)
    index = np.arange(data.points if whole else counts.max())
    angle = 2 * np.pi * index / counts[..., None]
    radius = np.ones(angle.shape)
    for k in range(2, 9):
        size = generator.normal(0, 0.3 / k, (count, 1, 1))
        phase = generator.uniform(0, 2 * np.pi, (count, 1, 1))
        phase = phase + generator.normal(0, 0.3, (*shape, 1)).cumsum(1)
        radius += size * np.cos(k * angle + phase)
    contours = np.stack([0.2 * radius * np.cos(angle), 0.5 * radius * np.sin(angle)], -1)
    contours *= (index < counts[..., None])[..., None]
    return {
        "contours": contours.astype(np.float32),
        "counts": counts,
        "noise_seed": np.arange(count, dtype=np.uint32),
    }


def shifted(state: Any) -> Any:
    """A fresh state as NumPy arrays whose biases differ from 0.

    At 0 it would not show if they were put in a wrong order.
    """
    import jax

    from gait_jax.runtime import parallel

    state = parallel.to_host(state)
    generator = np.random.default_rng(1)

    def shift(leaf: np.ndarray) -> np.ndarray:
        if leaf.ndim > 1:
            return leaf
        return leaf + generator.normal(0, 0.1, leaf.shape).astype(leaf.dtype)

    params, frozen = jax.tree.map(shift, (state.params, state.frozen))
    return state.replace(params=params, frozen=frozen)


def gaussian_seeds(batch: dict[str, np.ndarray], size: int) -> np.ndarray:
    """The Gaussian seeds that a step draws for the batch's noise contours: [B, size]."""
    import jax

    from gait_jax.methods.anonymizers.noise_gan import noise_keys

    draw = jax.vmap(lambda key: jax.random.normal(key, (size,)))
    return np.asarray(draw(noise_keys(batch)))


def network_outputs(method: Any, state: Any, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the networks of an ST-GAN give before training."""
    import jax

    from gait_jax.models import layout

    @jax.jit
    def run(state, batch):
        gait, counts = batch["contours"], batch["counts"]
        mask = layout.valid_mask(counts, gait.shape[2])
        # The running mean, which it takes, was not shifted.
        drawn = method.samples(state.replace(ema=state.params), batch)
        (noise, _), (fake, _) = drawn["noise"], drawn["anonymized"]
        # The same contour in every frame.
        result = {"noise": noise[:, 0], "generator": fake}
        for name, contours in (("real", gait), ("fake", fake)):
            result["spatial " + name] = method.spatial.apply(
                state.params["spatial"],
                contours.reshape(-1, *contours.shape[2:]),
                mask.reshape(-1, mask.shape[-1]),
            )
            result["temporal " + name] = method.temporal.apply(
                state.params["temporal"], contours, mask
            )
        return result

    return jax.tree.map(np.asarray, run(state, batch))


class Ours:
    """Runs the training step of this project on one batch, again and again."""

    def __init__(self, config: dict[str, Any], batch: dict[str, np.ndarray], device: str):
        import jax

        from gait_jax.methods.anonymizers.stgan import STGAN
        from gait_jax.runtime import allocator, parallel

        # As the command lines do.
        allocator.keep_freed_memory()
        if jax.default_backend() != device:
            raise RuntimeError(f"JAX runs on {jax.default_backend()}, not on {device}")
        # TF32 would round more than the comparison allows. The CPU knows float32 only.
        if device != "cpu":
            jax.config.update("jax_default_matmul_precision", "highest")
        self._method = STGAN(ml_collections.ConfigDict(config))
        self._state = shifted(self._method.init())
        self._batch = batch
        self._sharded = parallel.shard([batch])
        self._step = parallel.parallel_steps(self._method.train_step)

    def describe(self) -> str:
        """Versions, device, threads."""
        import flax
        import jax

        device = jax.devices()[0]
        return (
            f"JAX {jax.__version__}, Flax {flax.__version__}, {device.device_kind}, "
            f"{len(os.sched_getaffinity(0))} cores"
        )

    def start(self) -> dict[str, Any]:
        """The parameters to begin with."""
        return {"params": self._state.params, "frozen": self._state.frozen}

    def seeds(self) -> np.ndarray:
        """The Gaussian seeds that the step draws: [B, S]."""
        return gaussian_seeds(self._batch, self._method.config.noise_gan.seed_size)

    def outputs(self) -> dict[str, np.ndarray]:
        """What the networks give before training."""
        return network_outputs(self._method, self._state, self._batch)

    def step(self) -> dict[str, Any]:
        """One training step; returns its metrics."""
        self._state, metrics = self._step(self._state, self._sharded)
        return metrics

    def wait(self) -> None:
        """Returns when all steps are done."""
        import jax

        jax.block_until_ready(self._state)


def _build(framework: str, *arguments) -> Any:
    if framework == "jax":
        return Ours(*arguments)
    # From this folder: benchmarks are scripts, no package.
    from torch_stgan import Mode, Twin

    *rest, device = arguments
    return Twin(*rest, Mode(device))


def _call(side: Any, name: str, *arguments) -> Any:
    if name == "time":
        side.step()
        side.wait()
        begin = time.perf_counter()
        for _ in range(arguments[0]):
            side.step()
        side.wait()
        return (time.perf_counter() - begin) / arguments[0]
    result = getattr(side, name)(*arguments)
    return {k: v.item() for k, v in result.items()} if name == "step" else result


def _serve(connection: multiprocessing.connection.Connection, *arguments) -> None:
    """Builds one side and answers calls until None comes."""
    try:
        side = _build(*arguments)
        connection.send((True, None))
        while call := connection.recv():
            connection.send((True, _call(side, *call)))
    except EOFError:
        # The caller is gone, and has said why.
        pass
    except Exception:
        connection.send((False, traceback.format_exc()))


class Side:
    """One framework in a process of its own."""

    def __init__(self, framework: str, *arguments):
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, framework, *arguments), daemon=True
        )
        self._process.start()
        # Only the other process holds that end now, so that its death ends `recv`.
        other.close()
        self._receive()

    def _receive(self) -> Any:
        good, result = self._connection.recv()
        if not good:
            sys.exit(result)
        return result

    def call(self, name: str, *arguments) -> Any:
        """Calls a method over there and waits for what it returns."""
        self._connection.send((name, *arguments))
        return self._receive()

    def close(self) -> None:
        """Ends the process."""
        self._connection.send(None)
        self._process.join()


def differences(ours: dict[str, Any], twin: dict[str, Any]) -> dict[str, float]:
    """The greatest difference in each of the twin's values; relative to values above 1."""
    return {
        k: float((np.abs(np.subtract(ours[k], v)) / np.maximum(np.abs(v), 1)).max())
        for k, v in twin.items()
    }


def _check(title: str, apart: dict[str, float]) -> None:
    """Prints how far apart the two sides are; exits where that is too far."""
    print(f"  {title}: at most {max(apart.values()):.1e} apart")
    # So written that NaN fails.
    bad = [k for k, v in apart.items() if not v <= _TOLERANCE]
    if bad:
        sys.exit(f"not the same networks: {', '.join(f'{k} {apart[k]:.1e}' for k in bad)}")


def _line(name: str, seconds: list[float], frames: int) -> str:
    low, median, high = 1000 * np.percentile(seconds, [0, 50, 100])
    return (
        f"  {name:<8} {median:8.1f} ms a step (median; {low:.1f} to {high:.1f})  "
        f"{1000 * frames / median:8.0f} frames/s"
    )


def compare(name: str, device: str, count: int, whole: bool, steps: int, repeats: int) -> float:
    """Checks and times one configuration.

    Args:
      name: of its file in `configs/`.
      device: `cpu` or `gpu`.
      count: sequences a batch; 0 for the configuration's.
      whole: see `random_batch`.
      steps: steps a turn.
      repeats: turns of each side.

    Returns:
      Our frames/s over PyTorch's.
    """
    config = _CONFIGS[name].get_config()
    count = count or config.batch_size
    batch = random_batch(config.data, count, whole)
    given = batch["contours"].shape[2]
    print(
        f"{name}: {config.data.layout}, {given} of {config.data.points} points, "
        f"{count} sequences of {config.data.frames} frames, {device}"
    )
    ours = Side("jax", config.to_dict(), batch, device)
    twin = Side(
        "torch", config.to_dict(), batch, ours.call("start"), {"gpu": "cuda"}.get(device, device)
    )
    print(f"  ours     {ours.call('describe')}\n  PyTorch  {twin.call('describe')}")
    seeds = ours.call("seeds")
    _check("outputs", differences(ours.call("outputs"), twin.call("outputs", seeds)))
    for i in range(_CHECKED_STEPS):
        # In the second step they depend on every gradient of the first and on Adam.
        apart = differences(ours.call("step"), twin.call("step", seeds))
        _check(f"losses of step {i + 1}", apart)

    sides = {"ours": ours, "PyTorch": twin}
    for side in sides.values():
        side.call("time", _WARM_UP)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            seconds[name].append(side.call("time", steps))
    for name, side in sides.items():
        print(_line(name, seconds[name], count * config.data.frames))
        side.close()
    ratio = float(np.median(seconds["PyTorch"]) / np.median(seconds["ours"]))
    pairs = np.divide(seconds["PyTorch"], seconds["ours"])
    print(f"  ratio    {ratio:.3f} (turn by turn {pairs.min():.3f} to {pairs.max():.3f})")
    return ratio


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--config",
        nargs="+",
        choices=_CONFIGS,
        default=list(_CONFIGS),
        help="whose networks; both layouts where none is given",
    )
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--batch", type=int, default=0, help="sequences; 0 for the config's own")
    parser.add_argument("--whole", action="store_true", help="keep all padding on this side, too")
    parser.add_argument("--repeats", type=int, default=9, help="turns of each side")
    parser.add_argument("--steps", type=int, default=4, help="timed steps a turn")
    args = parser.parse_args()
    # Read by both processes as they start.
    os.environ["JAX_PLATFORMS"] = {"gpu": "cuda"}.get(args.device, args.device)
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    for name in args.config:
        compare(name, args.device, args.batch, args.whole, args.steps, args.repeats)


if __name__ == "__main__":
    main()
