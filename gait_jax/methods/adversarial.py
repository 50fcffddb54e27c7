"""The two-phase step of a generative adversarial network, for every method that is one."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import optax

from gait_jax.methods.base import Batch, Metrics, State, Tree, move_average
from gait_jax.runtime import parallel

GENERATOR = "generator"

# (what was generated, from the gradient of a loss by it to that by the generator's parameters)
Generated = tuple[Any, Callable[[jax.Array], tuple[Tree]]]


def two_phase_step(
    state: State,
    batch: Batch,
    optimizers: Mapping[str, optax.GradientTransformation],
    generate: Callable[[Tree, Batch], Generated],
    d_loss: Callable[[dict[str, Tree], Any, Batch], tuple[jax.Array, Metrics]],
    g_loss: Callable[[dict[str, Tree], jax.Array, Any, Batch], tuple[jax.Array, Metrics]],
    accumulate: int,
    ema_decay: float,
) -> tuple[State, Metrics]:
    """Moves the discriminators on what the generator makes, then the generator against them.

    Both phases are about the same generated gaits: they are made once where the batch is computed
    in one part, and once a phase where it is computed in several.

    Args:
      state: with the networks "generator" and discriminators in `params` and `opt`, and the
        generator's running mean in `ema`.
      batch: a device's share.
      optimizers: by network.
      generate: (the generator's parameters, batch) → ((generated, whatever else the losses ask
        for), the way back from a gradient by what was generated).
      d_loss: (the discriminators' parameters, what `generate` made, batch) → (loss, metrics).
      g_loss: (the discriminators' new parameters, the generated, what `generate` made, batch) →
        (loss, metrics).
      accumulate: into how many parts the batch is divided.
      ema_decay: of the running mean.

    Returns:
      (the state after the step, metrics averaged over devices).
    """
    params, new_params, new_opt = state.params, {}, {}

    def update(name: str, grads: Tree) -> None:
        updates, new_opt[name] = optimizers[name].update(
            parallel.mean(grads), state.opt[name], params[name]
        )
        new_params[name] = optax.apply_updates(params[name], updates)

    kept = generate(params[GENERATOR], batch) if accumulate == 1 else None

    def d_gradients(part):
        made, _ = kept or generate(params[GENERATOR], part)
        discriminators = {name: p for name, p in params.items() if name != GENERATOR}
        return jax.grad(d_loss, has_aux=True)(discriminators, made, part)

    grads, metrics = parallel.accumulate(d_gradients, batch, accumulate)
    for name, g in grads.items():
        update(name, g)

    def g_gradients(part):
        made, back = kept or generate(params[GENERATOR], part)
        loss = lambda generated: g_loss(new_params, generated, made, part)  # noqa: E731
        (_, parts), grads_generated = jax.value_and_grad(loss, has_aux=True)(made[0])
        return back(grads_generated)[0], parts

    grads, parts = parallel.accumulate(g_gradients, batch, accumulate)
    update(GENERATOR, grads)
    ema = move_average(state.ema[GENERATOR], new_params[GENERATOR], state.step, ema_decay)
    return state.replace(
        step=state.step + 1, params=new_params, opt=new_opt, ema={GENERATOR: ema}
    ), parallel.mean(metrics | parts)
