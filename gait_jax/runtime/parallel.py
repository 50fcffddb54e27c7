"""Data parallelism: the one file that names pmap."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from gait_jax.runtime.errors import InputError

AXIS = "devices"

Tree = Any


def mean(tree: Tree) -> Tree:
    """Averages a tree over all devices; to be called inside a step function."""
    return jax.lax.pmean(tree, AXIS)


def parallel_step(step: Callable[[Tree, Tree], tuple[Tree, Tree]]) -> Callable[..., Any]:
    """Compiles `step(state, batch) → (state, metrics)` for all devices.

    The state carries no device axis: every device gets the whole of it and must return the same
    one, so gradients and metrics have to go through `mean`. The state given is donated.

    Args:
      step: a function of a state and a device's share of the batch.

    Returns:
      A function of the state and a batch with leading axes [local devices, share] (see `shard`).
    """
    return jax.pmap(
        step, axis_name=AXIS, in_axes=(None, 0), out_axes=(None, None), donate_argnums=(0,)
    )


def replicate(state: Tree) -> Tree:
    """Puts a whole state on every device of this process, as a step returns it.

    A step function compiles anew for inputs that are placed in another way: without this it would
    compile once for the first step and once more for the second.
    """
    mesh = jax.sharding.Mesh(np.array(jax.local_devices()), (AXIS,))
    return jax.device_put(state, jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec()))


def shard(batch: Tree) -> Tree:
    """Splits a host's batch [B, ...] into [local devices, B / local devices, ...]."""
    devices = jax.local_device_count()
    return jax.tree.map(lambda x: x.reshape(devices, len(x) // devices, *x.shape[1:]), batch)


def local_batch(global_batch: int) -> int:
    """This process's share of a global batch.

    Raises:
      InputError: the batch does not divide among the devices.
    """
    devices = jax.device_count()
    if global_batch % devices:
        raise InputError(
            f"batch_size {global_batch} does not divide among {devices} devices: "
            f"use a multiple of {devices}"
        )
    return global_batch // jax.process_count()


def to_host(tree: Tree) -> Tree:
    """Copies a tree of arrays into NumPy arrays of this host."""
    return jax.tree.map(np.asarray, jax.device_get(tree))
