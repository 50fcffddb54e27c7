"""The optimisers that configurations choose, and how their step changes over a run."""

import itertools

import ml_collections
import optax

from gait_jax.runtime.errors import InputError

CONSTANT, COSINE, STEP = "constant", "cosine", "step"


def adam(config: ml_collections.ConfigDict, group: str) -> optax.GradientTransformation:
    """Adam, with decoupled weight decay (AdamW) where there is any.

    Its `update` takes gradients that are averaged over devices already, and the parameters.

    Args:
      config: a whole configuration.
      group: name of the optimiser's fields in it (see `fields.ADAM`).

    Raises:
      InputError: fields of its schedule do not go together.
    """
    own = config[group]
    rate = learning_rate(own, group)
    if own.weight_decay:
        optimizer = optax.adamw(rate, b1=own.b1, b2=own.b2, weight_decay=own.weight_decay)
    else:
        optimizer = optax.adam(rate, b1=own.b1, b2=own.b2)
    return _clipped(optimizer, own.clip_norm)


def sgd(config: ml_collections.ConfigDict, group: str) -> optax.GradientTransformation:
    """SGD with momentum; weight decay is part of the gradient, which momentum sees.

    Args:
      config: see `adam`.
      group: see `adam` (fields: `fields.SGD`).

    Raises:
      InputError: fields of its schedule do not go together.
    """
    own = config[group]
    optimizer = optax.chain(
        optax.add_decayed_weights(own.weight_decay),
        optax.sgd(learning_rate(own, group), momentum=own.momentum),
    )
    return _clipped(optimizer, own.clip_norm)


def sgd_or_adam(config: ml_collections.ConfigDict, group: str) -> optax.GradientTransformation:
    """The one of the two that the fields name (see `fields.SGD_OR_ADAM`); see `adam` and `sgd`."""
    return {"sgd": sgd, "adam": adam}[config[group].name](config, group)


def _clipped(optimizer: optax.GradientTransformation, norm: float) -> optax.GradientTransformation:
    # Without clipping there is no state of it either: checkpoints hold the optimiser's alone.
    return optax.chain(optax.clip_by_global_norm(norm), optimizer) if norm else optimizer


def learning_rate(own: ml_collections.ConfigDict, group: str) -> float | optax.Schedule:
    """The step of an optimiser: a number, or a function of the steps that it has done.

    Args:
      own: the optimiser's fields.
      group: their name, for messages.

    Raises:
      InputError: they do not go together.
    """
    peak, warmup, ends = own.learning_rate, own.warmup, tuple(own.decay_steps)
    _check(own, group, ends)
    if own.schedule == COSINE:
        after = optax.cosine_decay_schedule(peak, ends[0] - warmup)
    elif own.schedule == STEP:
        after = optax.piecewise_constant_schedule(
            peak, {end - warmup: own.decay_rate for end in ends}
        )
    elif not warmup:
        # A number is not counted: the state has no counter.
        return peak
    else:
        after = optax.constant_schedule(peak)
    if not warmup:
        return after
    return optax.join_schedules([optax.linear_schedule(0.0, peak, warmup), after], [warmup])


def _check(own: ml_collections.ConfigDict, group: str, ends: tuple[int, ...]) -> None:
    fits = {CONSTANT: not ends, COSINE: len(ends) == 1, STEP: len(ends) > 0}
    if not fits[own.schedule]:
        wanted = {
            CONSTANT: "leave it empty, or choose cosine or step",
            COSINE: "give the one step at which the cosine has come to 0, such as train_steps",
            STEP: "give the steps after which the learning rate falls",
        }
        raise InputError(
            f"{group}.decay_steps {list(ends)} does not go with {group}.schedule "
            f"{own.schedule!r}: {wanted[own.schedule]}"
        )
    if any(later <= earlier for earlier, later in itertools.pairwise((own.warmup, *ends))):
        raise InputError(
            f"{group}.decay_steps {list(ends)} cannot be used: its steps must rise, and come after "
            f"{group}.warmup ({own.warmup})"
        )
