"""Somebody who learns to tell two kinds of gaits apart, and is asked about other people's."""

import functools
from collections.abc import Callable

import jax
import numpy as np
import optax
from jax import numpy as jnp

from gait_jax.data.silhouette_windows import Windows
from gait_jax.evaluation.distributions import Judged
from gait_jax.models.gait_windows import WindowJudge
from gait_jax.runtime import keys

SHAPE, FRAMES = (64, 44), 16
# Of each kind, in a step; enough steps to see each of some thousand windows a few times.
_BATCH, _AT_ONCE = 16, 64
_WIDTHS, _CODE, _RATE = (12, 24, 32), 32, 2e-3


# Compiling takes as long as a short training: judges of one evaluation share it.
@functools.lru_cache(maxsize=4)
def _learning(steps: int) -> tuple[WindowJudge, optax.GradientTransformation, Callable, Callable]:
    """(network, optimiser, a step of its training, its answers) of so many steps in all."""
    model = WindowJudge(_WIDTHS, _CODE)
    optimizer = optax.adamw(optax.cosine_decay_schedule(_RATE, steps), weight_decay=1e-3)
    labels = jnp.repeat(jnp.arange(2.0), _BATCH)

    def logits(params, windows):
        return model.apply(params, windows.astype(jnp.float32) / 255)

    def step(params, state, windows):
        def loss(params):
            return optax.sigmoid_binary_cross_entropy(logits(params, windows), labels).mean()

        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    return model, optimizer, jax.jit(step), jax.jit(logits)


def judge(
    kinds: tuple[Windows, Windows],
    people: tuple[np.ndarray, np.ndarray],
    learners: np.ndarray,
    steps: int,
    seed: int,
) -> Judged:
    """Learns to tell two kinds apart by some people's windows, and judges those of the others.

    Args:
      kinds: windows of both.
      people: [N], [M] names or numbers, whose they are.
      learners: whose windows it learns from.
      steps: of its training.
      seed: of its parameters, and of the order in which windows are shown.
    """
    model, optimizer, step, asked = _learning(steps)
    params = model.init(keys.stream(seed, "judge"), jnp.zeros((1, FRAMES, *SHAPE)))
    state, rng = optimizer.init(params), np.random.default_rng(keys.stream_seed(seed, "judge"))
    known = [np.isin(own, learners) for own in people]
    shown = [np.flatnonzero(mine) for mine in known]
    for _ in range(steps):
        drawn = [w.of(rng.choice(own, _BATCH)) for w, own in zip(kinds, shown, strict=True)]
        params, state = step(params, state, np.concatenate(drawn))

    def scores(windows: Windows, wanted: np.ndarray) -> np.ndarray:
        # The last batch is filled up with its last window: one shape to compile for.
        found = []
        for first in range(0, len(wanted), _AT_ONCE):
            places = np.minimum(np.arange(first, first + _AT_ONCE), len(wanted) - 1)
            found.append(np.asarray(asked(params, windows.of(wanted[places]))))
        return np.concatenate(found)[: len(wanted)]

    others = [np.flatnonzero(~mine) for mine in known]
    return Judged(
        scores(kinds[0], others[0]),
        people[0][others[0]],
        scores(kinds[1], others[1]),
        people[1][others[1]],
    )
