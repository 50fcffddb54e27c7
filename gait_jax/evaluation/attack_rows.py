"""Rows of what attackers find, each beside its levels."""

import functools
from collections.abc import Iterator

import numpy as np

from gait_jax.evaluation import verification
from gait_jax.evaluation.comparison import Comparison
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, SAME_VIEW, Row
from gait_jax.evaluation.verification import Estimate

# Raise it when the same distances give other rows; what measures them has a version of its own.
VERSION = 1

CLEAN_LEVEL, SHUFFLED_LEVEL, WORST = "clean", "shuffled", "worst"


def attack_rows(
    attacked: Comparison,
    clean: Comparison,
    ranks: tuple[int, ...],
    *,
    method: str,
    recogniser: str,
    attacker: str,
) -> Iterator[Row]:
    """Every measure of an attack in each setting.

    Args:
      attacked: anonymised probes against whomever the attacker has enrolled.
      clean: clean probes against a clean gallery, by a recogniser of clean gaits: those of the same
        walks count.
      ranks: the k of rank-k.
      method: whose gaits the probes are.
      recogniser: who was asked.
      attacker: what they know.

    Yields:
      For each setting (same view, cross-view, linked over L), over all conditions and, but for
      linked walks, in each where there are several: "found@k", "eer", "tpr" and "d_sys" with their
      95 % intervals; beside each NAME "clean_NAME", the same of the same walks before
      anonymisation, "shuffled_NAME" and, where it can be told of one person, "worst_NAME" and
      "worst_shuffled_NAME"; and "success@k", the papers' way to say 1 - found@k. n is the number of
      probes.
    """
    place = {tuple(label): i for i, label in enumerate(clean.probes)}
    paired = np.array([place.get(tuple(label), -1) for label in attacked.probes], int)
    names = {"method": method, "recogniser": recogniser, "attacker": attacker}
    for setting in attacked.settings():
        usable = (paired >= 0) & attacked.usable(setting)
        # A walk that cannot be compared with itself says nothing of the anonymiser.
        usable[usable] &= clean.usable(setting)[paired[usable]]
        conditions = attacked.probes[:, 1]
        parts = [*dict.fromkeys(map(str, conditions[usable]))]
        divided = len(parts) > 1 and setting in (SAME_VIEW, CROSS_VIEW)
        for condition in (*(parts if divided else ()), ALL):
            chosen = usable & ((conditions == condition) | (condition == ALL))
            if not chosen.any() or min(len(attacked.people), len(clean.people)) < 2:
                continue
            before = np.zeros(len(clean.probes), bool)
            before[paired[chosen]] = True
            found, known = (
                _measured(comparison, setting, those.tobytes(), ranks)
                for comparison, those in ((attacked, chosen), (clean, before))
            )
            shared = names | {"setting": setting, "condition": condition, "n": int(chosen.sum())}
            for metric, estimate in found.items():
                yield from _rows(metric, estimate, known.get(metric), shared)


# All attacks on a method stand beside the same clean figures.
@functools.lru_cache(maxsize=32)
def _measured(
    comparison: Comparison, setting: str, chosen: bytes, ranks: tuple[int, ...]
) -> dict[str, Estimate]:
    scores = comparison.scores(setting, np.frombuffer(chosen, bool))
    return verification.measure_all(scores, ranks)


def _rows(metric: str, found: Estimate, clean: Estimate | None, shared: dict) -> Iterator[Row]:
    def row(name: str, value: float, low: float | None = None, high: float | None = None) -> Row:
        return Row(metric=name, value=value, low=low, high=high, **shared)

    yield row(metric, found.value, found.low, found.high)
    if metric.startswith("found@"):
        ends = (None, None) if found.low is None else (1 - found.high, 1 - found.low)
        yield row(metric.replace("found", "success"), 1 - found.value, *ends)
    if clean is not None:
        yield row(f"{CLEAN_LEVEL}_{metric}", clean.value, clean.low, clean.high)
    yield row(f"{SHUFFLED_LEVEL}_{metric}", found.shuffled)
    if found.worst is not None and found.shuffled_worst is not None:
        yield row(f"{WORST}_{metric}", found.worst)
        yield row(f"{WORST}_{SHUFFLED_LEVEL}_{metric}", found.shuffled_worst)
