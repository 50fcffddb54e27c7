"""The stand-in, ready for use on silhouettes: reads a walk, and films somebody else there."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import ml_collections
import numpy as np

from gait_jax.data import skeletons
from gait_jax.gait import glimpses, silhouette
from gait_jax.gait.glimpses import COLUMNS, MOTION, ROWS, Glimpse
from gait_jax.gait.limbs import Feet
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.methods.anonymizers.stand_in_plan import Plan, Read, plan
from gait_jax.methods.contracts import NO_OUTLINE, AnonymizedBody, Anonymizer, Seen
from gait_jax.models.gait_reader import Reading
from gait_jax.runtime import keys
from tfds_casia.walkers import recording, standin
from tfds_casia.walkers.body import Pose
from tfds_casia.walkers.standin import Standin

NO_WALK = "neither walks nor stands, or is no single whole person"

# Frames a second that the reader knows, and frames that it reads at once: one compiled shape.
_RATE = 25.0
_CHUNK = 128
# Pixels around what is drawn, so that cleaning sees its outline; gently, for arms to stay apart.
_ROOM, _SMOOTH = 4, CleanSettings(closing=0.024, hole=0.02)
# Bits that tell all of mankind apart.
_EVERYBODY = 33
# Of a person's stream of random numbers that is not the body's own.
_PLANNED = 1

# (crops, motion, seen) by name, [1, T, ...] → what is read of them.
Apply = Callable[[Mapping[str, np.ndarray]], Reading]


@dataclasses.dataclass(frozen=True)
class _Person:
    """Who stands in for a person, and how they walk.

    Attributes:
      someone: the stand-in.
      plan: of all frames.
      pose: in all frames.
    """

    someone: Standin
    plan: Plan
    pose: Pose


class StandInAnonymizer(Anonymizer):
    """Replaces people by people whom nobody has seen.

    Measures "bits": what the numbers in bins can tell of the original, besides its way and time.
    """

    def __init__(self, apply: Apply, reach: int, code: ml_collections.ConfigDict):
        """Takes a trained reader.

        Args:
          apply: it.
          reach: how many frames before and after one matter to it.
          code: what may come over, and how coarsely (see `stand_in_plan.plan`).
        """
        self._apply, self._reach, self._code = apply, reach, code

    def compile(self) -> None:
        # All walks are read in pieces of one length.
        self._read([None], _RATE)

    def glimpse(self, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Glimpse:
        return glimpses.glimpse(mask, corner)

    def person(self, known: Sequence[Glimpse | None], key: jax.Array, rate: float) -> _Person:
        seed = keys.number_of(key)
        someone = standin.draw(seed)
        rng = recording.stream("standin", seed, _PLANNED)
        planned = plan(self._read(known, rate), someone, self._code, rng)
        return _Person(someone, planned, someone.pose(planned.steps))

    def told(self, person: _Person) -> str:
        """What a result can tell of its original, in a line."""
        bits = person.plan.bits
        line = f"at most {bits:.1f} bits besides its way and time: "
        if bits > _EVERYBODY:
            return line + "where that many turns are read, this promises nothing"
        return line + (
            "among N equally likely people a guess is right with probability at most "
            f"{math.ceil(2**bits)} / N"
        )

    def bodies(self, people: Sequence[_Person], seen: Sequence[Seen]) -> list[AnonymizedBody]:
        made: list[AnonymizedBody | None] = [None] * len(seen)
        for person in dict.fromkeys(map(id, people)):
            own = [i for i, one in enumerate(people) if id(one) == person]
            for i, body in zip(own, _filmed(people[own[0]], [seen[i] for i in own]), strict=True):
                made[i] = body
        return made

    def is_whole(self, body: np.ndarray, original: np.ndarray) -> bool:
        # It is filmed whole, and cut where it reaches beyond what is looked at of the picture.
        del original
        inside = np.zeros_like(body)
        inside[1:-1, 1:-1] = body[1:-1, 1:-1]
        return bool(body.any()) and not (body != inside).any()

    def _read(self, known: Sequence[Glimpse | None], rate: float) -> Read:
        """What is read of a walk at any rate."""
        walk = glimpses.stacked(known)
        # The reader's frames, and of each of the walk's the one of the same time.
        count = max(1, math.ceil(len(known) * _RATE / rate))
        taken = np.minimum(np.round(np.arange(count) * rate / _RATE), len(known) - 1).astype(int)
        back = np.minimum(np.round(np.arange(len(known)) * _RATE / rate), count - 1).astype(int)
        frames = {
            "crops": walk["crops"][taken],
            "motion": glimpses.motion(walk["boxes"][taken], walk["seen"][taken], _RATE),
            "seen": walk["seen"][taken],
        }
        parts = [self._read_chunk(frames, first) for first in range(0, count, _CHUNK)]
        read = {
            name: np.concatenate([getattr(part, name) for part in parts])[:count][back]
            for name in Reading._fields
        }
        return Read(**read, boxes=walk["boxes"], seen=walk["seen"], rate=rate)

    def _read_chunk(self, frames: Mapping[str, np.ndarray], first: int) -> Any:
        """Reads `_CHUNK` frames from one on, with what matters before and after them."""
        start, length = first - self._reach, _CHUNK + 2 * self._reach
        shapes = {"crops": (ROWS, COLUMNS), "motion": (MOTION,), "seen": ()}
        given = {}
        for name, shape in shapes.items():
            array = np.zeros((length, *shape), frames[name].dtype)
            inside = slice(max(start, 0), min(start + length, len(frames["seen"])))
            array[inside.start - start : inside.stop - start] = frames[name][inside]
            given[name] = array[None]
        read = self._apply(given)
        kept = slice(self._reach, self._reach + _CHUNK)
        return Reading(*(np.asarray(value)[0, kept] for value in read))


def _filmed(person: _Person, seen: Sequence[Seen]) -> list[AnonymizedBody]:
    """Some frames of one person."""
    planned, frames = person.plan, np.array([one.frame for one in seen])
    corners = np.array([one.corner for one in seen], float)
    sight = person.someone.film(
        person.pose.part(frames),
        planned.azimuth[frames],
        planned.elevation[frames],
        planned.height[frames],
        planned.place[frames] - corners,
    )
    made = []
    for i, one in enumerate(seen):
        mask = np.zeros_like(one.mask)
        problem = None if planned.walk[one.frame] else NO_WALK
        if problem is None:
            # As smooth as originals are that were cleaned: fingers and hair would tell them apart.
            drawn = np.pad((sight.masks[i] > 0).astype(np.uint8), _ROOM)
            drawn = standin.one_region(silhouette.clean(drawn, _SMOOTH))
            _paste(drawn, sight.window.top[i] - _ROOM, sight.window.left[i] - _ROOM, mask)
            problem = None if mask.any() else NO_OUTLINE
        limbs = skeletons.limbs(sight.joints[i])
        feet = Feet(sight.soles[i], sight.lifts[i], float(planned.height[one.frame]))
        made.append(AnonymizedBody(mask, problem, {"bits": planned.bits}, limbs, feet))
    return made


def _paste(drawn: np.ndarray, top: int, left: int, mask: np.ndarray) -> None:
    """Puts what was drawn, [h, w], into a mask, both of 0 and 1, in place."""
    rows = slice(max(-top, 0), max(min(len(drawn), len(mask) - top), 0))
    columns = slice(max(-left, 0), max(min(drawn.shape[1], mask.shape[1] - left), 0))
    if rows.start < rows.stop and columns.start < columns.stop:
        part = drawn[rows, columns]
        mask[rows.start + top : rows.stop + top, columns.start + left : columns.stop + left] = part
