"""A training step of one network that goes down one loss."""

from collections.abc import Callable

import jax
import optax

from gait_jax.methods.base import Batch, Metrics, State, Tree, move_average
from gait_jax.runtime import parallel


def step(
    state: State,
    batch: Batch,
    name: str,
    optimizer: optax.GradientTransformation,
    loss: Callable[[Tree, Batch], tuple[jax.Array, Metrics]],
    accumulate: int,
    ema_decay: float,
) -> tuple[State, Metrics]:
    """Updates a network, and its running mean.

    Args:
      state: with the network, and nothing else, in `params`, `opt` and `ema`.
      batch: a device's share.
      name: of the network in them.
      optimizer: of it.
      loss: (its parameters, batch) → (loss, metrics).
      accumulate: into how many parts the batch is divided.
      ema_decay: of the running mean.

    Returns:
      (the state after the step, metrics averaged over devices).
    """
    params = state.params[name]
    grads, metrics = parallel.accumulate(
        lambda part: jax.grad(loss, has_aux=True)(params, part), batch, accumulate
    )
    updates, opt = optimizer.update(parallel.mean(grads), state.opt[name], params)
    params = optax.apply_updates(params, updates)
    return state.replace(
        step=state.step + 1,
        params={name: params},
        opt={name: opt},
        ema={name: move_average(state.ema[name], params, state.step, ema_decay)},
    ), parallel.mean(metrics)
