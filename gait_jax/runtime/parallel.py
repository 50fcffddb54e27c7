"""Data parallelism: the one file that names pmap."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import logging
from jax import flatten_util

from gait_jax.runtime.errors import InputError

AXIS = "devices"

Tree = Any


def mean(tree: Tree) -> Tree:
    """Averages a tree of floats over all devices; to be called inside a step function."""
    if jax.process_count() == 1 or jax.default_backend() != "cpu":
        return jax.lax.pmean(tree, AXIS)
    # Between processes on CPUs each array costs a round of messages of some milliseconds, which XLA
    # does not put together as it does elsewhere: all of the tree in one.
    vector, as_tree = flatten_util.ravel_pytree(tree)
    return as_tree(jax.lax.pmean(vector, AXIS))


def accumulate(function: Callable[[Tree], Tree], batch: Tree, parts: int) -> Tree:
    """Means of a function's results over parts of a batch, one part after the other.

    What one part needs in memory is freed before the next: a batch may be larger than what fits.

    Args:
      function: of a batch; returns a tree of arrays that are means over its examples.
      batch: arrays [B, ...].
      parts: how many; divides B.

    Returns:
      As `function` of the whole batch, to float tolerance.
    """
    if parts == 1:
        return function(batch)
    split = jax.tree.map(lambda x: x.reshape(parts, len(x) // parts, *x.shape[1:]), batch)
    zeros = jax.tree.map(
        lambda x: jnp.zeros(x.shape, x.dtype),
        jax.eval_shape(function, jax.tree.map(lambda x: x[0], split)),
    )
    add = lambda total, part: (jax.tree.map(jnp.add, total, function(part)), None)  # noqa: E731
    total, _ = jax.lax.scan(add, zeros, split)
    return jax.tree.map(lambda x: x / parts, total)


def parallel_steps(step: Callable[[Tree, Tree], tuple[Tree, Tree]]) -> Callable[..., Any]:
    """Compiles `step(state, batch) → (state, metrics)` for all devices, some steps a dispatch.

    The state carries no device axis: every device gets the whole of it and must return the same
    one, so gradients and metrics have to go through `mean`. The state given is donated.

    Args:
      step: a function of a state and a device's share of the batch.

    Returns:
      A function of the state and of batches with leading axes [local devices, steps, share] (see
      `shard`): (state, metrics with a leading axis of steps). It compiles anew for another number
      of steps.
    """

    def steps(state, batches):
        if len(jax.tree.leaves(batches)[0]) == 1:
            # Within a loop XLA computes with one thread on the CPU.
            state, metrics = step(state, jax.tree.map(lambda x: x[0], batches))
            return state, jax.tree.map(lambda x: x[None], metrics)
        return jax.lax.scan(step, state, batches)

    return jax.pmap(
        steps, axis_name=AXIS, in_axes=(None, 0), out_axes=(None, None), donate_argnums=(0,)
    )


def _mesh(devices: Sequence[jax.Device] | None) -> jax.sharding.Mesh:
    """The devices given, or all of this process."""
    return jax.sharding.Mesh(np.array(devices or jax.local_devices()), (AXIS,))


def replicate(state: Tree, devices: Sequence[jax.Device] | None = None) -> Tree:
    """Puts a whole state on devices of this process, as a step returns it.

    A step function compiles anew for inputs that are placed in another way: without this it would
    compile once for the first step and once more for the second.

    Args:
      state: a tree of arrays.
      devices: as `local_devices` gives them; all of this process where there are none.
    """
    sharding = jax.sharding.NamedSharding(_mesh(devices), jax.sharding.PartitionSpec())
    return jax.device_put(state, sharding)


def shard(batches: Sequence[Tree], devices: Sequence[jax.Device] | None = None) -> Tree:
    """Starts to put a process's batches [B, ...] on its devices.

    Args:
      batches: one for each step of a dispatch.
      devices: as `local_devices` gives them; all of this process where there are none.

    Returns:
      Arrays [devices, steps, B / devices, ...]; the copy goes on in the background.
    """
    mesh = _mesh(devices)

    def split(*arrays):
        x = np.stack(arrays)
        x = x.reshape(len(x), mesh.size, -1, *x.shape[2:])
        return np.ascontiguousarray(np.swapaxes(x, 0, 1))

    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(AXIS))
    return jax.device_put(jax.tree.map(split, *batches), sharding)


def local_devices(global_batch: int, parts: int = 1) -> list[jax.Device]:
    """The devices of this process that share a global batch.

    A run of one process takes as many of its devices as the batch divides among, and says so where
    those are not all. Many processes must use all of theirs.

    Args:
      global_batch: examples a step.
      parts: into how many a device's share is divided again (see `accumulate`).

    Raises:
      InputError: the batch does not divide among all devices of a run of many processes, or a
        device's share does not divide into parts.
    """
    devices = jax.local_devices()
    if jax.process_count() == 1:
        dividing = [n for n in range(1, len(devices) + 1) if global_batch % (n * parts) == 0]
        if dividing:
            if dividing[-1] < len(devices):
                logging.warning(
                    "batch_size %d does not divide among %d devices%s: %d of them %s used.",
                    *(global_batch, len(devices), _and_parts(parts), dividing[-1]),
                    "is" if dividing[-1] == 1 else "are",
                )
            return devices[: dividing[-1]]
    number = jax.device_count()
    if global_batch % (number * parts):
        if jax.process_count() == 1:
            number, among = 1, f"into {parts} parts (accumulate)"
        else:
            among = f"among the {number} devices of {jax.process_count()} processes"
            among += _and_parts(parts)
        fits = _nearest(global_batch, number * parts)
        raise InputError(f"batch_size {global_batch} does not divide {among}: use {fits}")
    return devices


def _and_parts(parts: int) -> str:
    return f" and {parts} parts each (accumulate)" * (parts > 1)


def _nearest(number: int, factor: int) -> str:
    """The multiples of `factor` on both sides of a number that is none."""
    below = number // factor * factor
    return f"{below} or {below + factor}" if below else str(factor)


def local_batch(global_batch: int) -> int:
    """This process's share of a global batch that `local_devices` has found to divide."""
    return global_batch // jax.process_count()


def to_host(tree: Tree) -> Tree:
    """Copies a tree of arrays into NumPy arrays of this host."""
    return jax.tree.map(np.asarray, jax.device_get(tree))
