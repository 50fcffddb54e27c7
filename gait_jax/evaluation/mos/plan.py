"""Who sees which clips: balanced over methods and views, as far as there are clips."""

import collections
import dataclasses
from collections.abc import Collection, Sequence

import numpy as np

from gait_jax.evaluation.mos.clips import ORIGINAL, Label
from gait_jax.runtime.errors import InputError

# So many selections are made beforehand, that the page need not know which method a clip is of. A
# rater's code chooses one.
SHEETS = 50
# Clips of which one is not real.
FOUR = 4


@dataclasses.dataclass(frozen=True)
class Plan:
    """Which clips are shown together.

    Attributes:
      sheets: what one rater rates, of each of several: as many clips of every method.
      fours: sets of three originals and one clip that is none, alike for all raters.
    """

    sheets: list[list[Label]]
    fours: list[list[Label]]

    @property
    def shown(self) -> list[Label]:
        """All clips that somebody may see, each once."""
        return sorted({label for group in (*self.sheets, *self.fours) for label in group})


def make(clips: Collection[Label], per_rater: int, fours: int, rng: np.random.Generator) -> Plan:
    """Draws a plan.

    Args:
      clips: all that there are.
      per_rater: how many each rater rates; fewer where they cannot be divided among the methods, or
        a method has too few.
      fours: how many sets of four.
      rng: what is drawn from.

    Raises:
      InputError: a method would have no clip, or there are too few originals.
    """
    methods = sorted({label.method for label in clips} - {ORIGINAL})
    of = {m: sorted(label for label in clips if label.method == m) for m in (*methods, ORIGINAL)}
    each = min(per_rater // len(methods), *(len(of[method]) for method in methods))
    if not each:
        raise InputError(
            f"{per_rater} clips a rater are fewer than the {len(methods)} methods: give more with "
            "--clips-per-rater"
        )
    sets = _fours(of, methods, fours, rng)
    asked = {label for group in sets for label in group}
    free = {}
    for method in methods:
        unasked = [label for label in of[method] if label not in asked]
        # Who has rated a clip has seen that it is none of the originals.
        free[method] = unasked if len(unasked) >= each else of[method]
    everything = all(len(free[method]) == each for method in methods)
    used: collections.Counter[Label] = collections.Counter()
    sheets = []
    for _ in range(1 if everything else SHEETS):
        sheet = [label for method in methods for label in _spread(free[method], each, used, rng)]
        used.update(sheet)
        sheets.append(sheet)
    return Plan(sheets, sets)


def _spread(
    labels: Sequence[Label],
    count: int,
    used: collections.Counter[Label],
    rng: np.random.Generator,
) -> list[Label]:
    """Some labels, as many of each view as of the others; those that were used least."""
    left = [labels[i] for i in rng.permutation(len(labels))]
    views: collections.Counter[int] = collections.Counter()
    total: collections.Counter[int] = collections.Counter()
    for label in labels:
        total[label.view] += used[label]
    chosen = []
    for _ in range(count):
        # Of views that come short, the one that has come short before.
        best = min(left, key=lambda one: (views[one.view], total[one.view], used[one]))
        left.remove(best)
        views[best.view] += 1
        chosen.append(best)
    return chosen


def _fours(
    of: dict[str, list[Label]], methods: list[str], count: int, rng: np.random.Generator
) -> list[list[Label]]:
    if count and len(of[ORIGINAL]) < FOUR - 1:
        raise InputError(
            f"sets of four need {FOUR - 1} originals or more, and there are "
            f"{len(of[ORIGINAL])}: give them in a folder called {ORIGINAL}, or --odd-one-out 0"
        )
    used: collections.Counter[Label] = collections.Counter()
    found = []
    for i in range(count):
        (changed,) = _spread(of[methods[i % len(methods)]], 1, used, rng)
        group = [changed]
        originals = [of[ORIGINAL][k] for k in rng.permutation(len(of[ORIGINAL]))]
        for _ in range(FOUR - 1):
            best = min(
                (one for one in originals if one not in group),
                key=lambda one: (
                    one.view != changed.view,
                    # Nobody twice: what is alike would say what is not.
                    one.subject in {seen.subject for seen in group},
                    one.condition != changed.condition,
                    used[one],
                ),
            )
            group.append(best)
        used.update(group)
        found.append(group)
    return found
