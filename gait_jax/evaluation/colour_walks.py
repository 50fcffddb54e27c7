"""What colourisers are asked to paint: frames of walks, with what is known of them."""

import collections
import dataclasses
from collections.abc import Mapping

import cv2
import numpy as np

from gait_jax.data import twins
from gait_jax.data.dataset import EVERYBODY, GaitDataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.plates import worn
from gait_jax.gait.limbs import Limbs
from gait_jax.methods.contracts import Shot
from gait_jax.runtime.errors import InputError
from gait_jax.video.blazepose_landmarks import SURE, Landmarks
from gait_jax.video.blazepose_region import Region

TWIN, LATER = "twin", "twin_later"
# Frames by which a twin is further: at usual cadences and 25 frames a second, a quarter of a cycle.
_FURTHER = 7
# The colours of every so manyth frame are looked at.
_LOOKED_AT = 2
# Side of the square in which somebody is looked at, in their heights.
_SQUARE = 1.3


def sets_of(clothing: str, incomplete: bool) -> tuple[str, ...]:
    """The sets that a frame belongs to.

    Clothing is compared by complete silhouettes, and these by all clothing.

    Args:
      clothing: `plain`, `textural`, or empty where the data set does not say.
      incomplete: whether the silhouette is.
    """
    if incomplete:
        return ("incomplete",)
    return ("complete", clothing) if clothing else ("complete",)


@dataclasses.dataclass(frozen=True)
class Twin:
    """Another body in the same clothes: silhouette [H, W], joints, and what it looks like."""

    mask: np.ndarray
    limbs: Limbs
    truth: np.ndarray


@dataclasses.dataclass(frozen=True)
class Case:
    """A frame to be coloured; silhouettes [H, W] uint8 of 0 and 1, pictures [H, W, 3] uint8.

    Attributes:
      frame: which it is.
      whole: the person's silhouette as the data set has it.
      shots: the original, by whether its silhouette is as imperfect segmentation gives it; each
        with the silhouette S_An that was made of that. What gave none is not there.
      twins: at the same moment and later, by form; none of real people.
    """

    frame: int
    whole: np.ndarray
    shots: Mapping[bool, Shot]
    twins: Mapping[str, Twin]


@dataclasses.dataclass(frozen=True)
class Walk:
    """A sequence whose frames are coloured.

    Attributes:
      name: its name.
      person: whose it is.
      clothing: `plain`, `textural`, or empty where the data set does not say.
      plate: the scene without the person, as it is known [H, W, 3] uint8.
      looked_at: some of its frames, by whether the silhouette is incomplete.
      cases: those that are coloured.
    """

    name: str
    person: str
    clothing: str
    plate: np.ndarray
    looked_at: Mapping[bool, list[Shot]]
    cases: list[Case]


def body_for(person: str, members: list[str], everybody: list[str]) -> str:
    """Who lends a person's twin their body: whoever follows in the group, or in the data set.

    Args:
      person: whose twin.
      members: the group's people; where they are alone, anybody will do.
      everybody: the data set's.

    Raises:
      InputError: there is nobody else: a twin would be the person.
    """
    known = members if len(members) > 1 else everybody
    if len(known) < 2:
        raise InputError(
            f"{person} is alone in the data set, and a twin needs somebody else's body: set more "
            "data.subjects"
        )
    return known[(known.index(person) + 1) % len(known)]


class Walks:
    """The walks of a group; their joints are looked for."""

    def __init__(
        self,
        dataset: GaitDataset,
        members: list[str],
        gaits: Mapping[bool, GaitStore],
        frames: int,
        plate_error: float,
    ):
        """Takes what was made.

        Args:
          dataset: the data set, opened with colour.
          members: the group's people.
          gaits: anonymised, of the same sequences, by whether incomplete silhouettes were given.
          frames: of each walk that are coloured.
          plate_error: see `plates.worn`.
        """
        self._dataset, self._members, self._gaits = dataset, members, gaits
        self._frames, self._plate_error = frames, plate_error
        self._landmarks = Landmarks()

    def walk(self, index: int, number: int) -> Walk:
        """A sequence of the data set, the `number`-th of the stores.

        Raises:
          InputError: a twin would be the person.
        """
        recording = self._dataset.recording(index)
        sequence = next(iter(self._gaits.values())).sequences[number]
        kept, others = np.arange(len(recording)), []
        if self._dataset.description["synthetic"]:
            everybody = self._dataset.members(EVERYBODY)
            other = body_for(sequence.subject, self._members, everybody)
            kept, *found = twins.film(sequence, other)
            bodies, truths, limbs = found
            others = [Twin(*one) for one in zip(bodies, limbs, truths, strict=True)]

        def shots(frame: int) -> dict[bool, Shot]:
            picture, found = recording.frame(frame), {}
            limbs = self._joints(picture, recording.complete(frame))
            for incomplete, store in self._gaits.items():
                of = recording.incomplete if incomplete else recording.complete
                made = store.mask(store.sequences[number].first + frame)
                found[incomplete] = Shot(picture, of(frame), made, limbs, None, frame)
            return found

        looked_at: dict[bool, list[Shot]] = collections.defaultdict(list)
        for frame in kept[::_LOOKED_AT]:
            for incomplete, shot in shots(int(frame)).items():
                looked_at[incomplete].append(shot)
        cases = []
        for i in np.unique(np.linspace(0, len(kept) - 1, self._frames, dtype=int)):
            frame = int(kept[i])
            # Where nothing could be made there is nothing to colour.
            made = {name: shot for name, shot in shots(frame).items() if shot.anonymized.any()}
            later = max(i + _FURTHER if i + _FURTHER < len(kept) else i - _FURTHER, 0)
            beside = {TWIN: others[i], LATER: others[later]} if others else {}
            if made:
                cases.append(Case(frame, recording.complete(frame), made, beside))
        plate = worn(recording.background, self._plate_error, sequence.name)
        name, person = sequence.name, sequence.subject
        return Walk(name, person, recording.clothing, plate, looked_at, cases)

    def _joints(self, picture: np.ndarray, mask: np.ndarray) -> Limbs | None:
        """Where the network sees somebody's joints; red, green, blue, and where they are."""
        x, y, width, height = cv2.boundingRect(mask)
        if not width:
            return None
        square = Region(x + width / 2, y + height / 2, _SQUARE * height, 0.0)
        pose = self._landmarks(np.ascontiguousarray(picture[..., ::-1]), square)
        return pose.limbs if pose.flag >= SURE else None
