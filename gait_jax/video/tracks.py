"""One person over time, as they are followed."""

import collections
import dataclasses

import numpy as np

from gait_jax.gait import silhouette
from gait_jax.video.clothes import unlike
from gait_jax.video.people import HIDDEN, NOT_ONE, OVERLAP, Sighting

# Beside the usual height: lower is partly hidden, higher is more than one person.
_LOWER, _HIGHER = 0.82, 1.22
# Beside the usual area: whose pixels touch somebody else's is themselves alone between these; so
# many times as much is nobody alone, whatever is near them; and where only a difference from the
# scene says how much it is, so many times.
_LESS, _MORE, _CROWD, _VAGUE = 0.65, 1.25, 1.4, 1.8
# So alike are the clothes of somebody who is seen alone beside another.
_OWN = 0.4
# Of the usual height: what differs from the scene and is lower is a part of somebody.
_PART = 0.6
# Share of what somebody wears in a new frame.
_NEW = 0.1


@dataclasses.dataclass(eq=False)
class Track:
    """One person over time.

    Attributes:
      number: from 1.
      box: where they were last seen alone (x, y, width, height), in pixels.
      memory: how many of the last sightings are remembered.
      velocity: of the box's middle in pixels a frame (x, y).
      sightings: in how many frames they were seen so that they may be a person.
      needed: from how many on they are one.
      named: whether a network has seen them, or there is none.
      since: frames since they were at the box.
      unseen: since how many frames they are not seen.
      gone: since how many frames they are not, and nobody hides them.
      heights: of the last sightings, pixels.
      areas: likewise, pixels.
      clothes: what they wear (see `clothes.worn`); None where that is not known.
      doubted: whether it ended because it was not clear who is who.
      knot: those with whom they became one body, and are not yet told apart again.
    """

    number: int
    box: np.ndarray
    memory: int = 15
    velocity: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))
    sightings: int = 0
    needed: int = 3
    named: bool = True
    since: int = 0
    unseen: int = 0
    gone: int = 0
    clothes: np.ndarray | None = None
    doubted: bool = False
    knot: "set[Track]" = dataclasses.field(default_factory=set)

    def __post_init__(self):
        self.heights = collections.deque(maxlen=self.memory)
        self.areas = collections.deque(maxlen=self.memory)

    @property
    def is_person(self) -> bool:
        """Whether it was seen often enough, and large enough, to be no flicker."""
        return (
            self.sightings >= self.needed
            and np.median(self.heights) >= silhouette.CleanSettings.min_height
        )

    @property
    def expected(self) -> np.ndarray:
        """Where its box should be now."""
        moved = self.box.astype(float)
        moved[:2] += self.velocity * (self.since + 1)
        return moved

    @property
    def stands_out(self) -> bool:
        """Whether nobody in their knot wears what they wear, as far as is known."""
        return self.clothes is not None and all(
            one.clothes is not None and unlike(self.clothes, one.clothes) >= _OWN
            for one in self.knot
        )

    def remember(self, sighting: Sighting) -> None:
        """Takes in what they look like where they are seen alone."""
        self.heights.append(sighting.box[3])
        self.areas.append(sighting.area)
        if self.clothes is None:
            self.clothes = sighting.clothes
        elif sighting.clothes is not None and sighting.problem is None:
            self.clothes = (1 - _NEW) * self.clothes + _NEW * sighting.clothes

    def problem(self, sighting: Sighting) -> str | None:
        """What the past says against a sighting: not seen whole, or not alone."""
        if not self.is_person:
            return None if sighting.apart else OVERLAP
        tall = sighting.box[3] / float(np.median(self.heights))
        area = sighting.area / float(np.median(self.areas))
        if area > (_VAGUE if sighting.by_difference else _CROWD):
            return OVERLAP
        if not sighting.apart and not (
            _LOWER <= tall <= _HIGHER and _LESS <= area <= _MORE and self._wears(sighting)
        ):
            return OVERLAP
        if _LOWER <= tall <= _HIGHER:
            return None
        return HIDDEN if tall < 1 else NOT_ONE

    def is_as_tall_as(self, sighting: Sighting) -> bool:
        """Whether neither it nor a sighting is so low that it could only be a part of the other."""
        tall, usual = sighting.box[3], float(np.median(self.heights))
        return min(tall, usual) >= _PART * max(tall, usual)

    def is_only_partly(self, sighting: Sighting) -> bool:
        """Whether it is a speck of them that differs from the scene where nobody is found."""
        part = sighting.box[3] < _PART * float(np.median(self.heights))
        return self.is_person and sighting.by_difference and part

    def _wears(self, sighting: Sighting) -> bool:
        """Whether it is known what they wear, and a sighting wears it."""
        known = self.clothes is not None and sighting.clothes is not None
        return known and unlike(self.clothes, sighting.clothes) < _OWN


def tie(one: Track, other: Track) -> None:
    """Makes a knot of two tracks', and of all in theirs."""
    everybody = {one, other} | one.knot | other.knot
    for track in everybody:
        track.knot = everybody - {track}
