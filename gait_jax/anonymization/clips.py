"""Anonymises people in videos with a trained method. Fails closed.

A frame that leaves here is the background, and on it nothing but anonymised people (eq 9's
regions 1 to 4, 2019 §3.5): whatever else differs from the background, a person of whom no
anonymised gait could be made or something that only moves, is painted out because nothing paints it
in.
"""

import collections
import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import cv2
import jax
import numpy as np

from gait_jax.gait import naturalness
from gait_jax.methods.contracts import Anonymizer, Colouriser
from gait_jax.runtime import keys
from gait_jax.video import people, steadiness
from gait_jax.video.background import Background
from gait_jax.video.clip import Frame
from gait_jax.video.people import Sighting, Tracker

LOST = "lost by the segmentation"
NOT_FOLLOWED = "moves, but was not followed as a person"
NO_PERSON_MADE = "the anonymised shape is not one whole person"
OTHER_SCENE = "the camera moved, or the light was switched: nobody could be found"

# Frames that share a call of the generator, and how many of them wait for what comes after: enough
# for a track to show that it is a person.
_CHUNK, _LOOK_AHEAD = 32, 2

# Pixels at the rim of a silhouette mix person and scene. Colours are taken from within, by this
# share of the body's height: else a line of them shows where the old outline was.
_RIM = 1 / 120


@dataclasses.dataclass
class _Person:
    """A sighting with what has to be kept of its frame; `mask` is its silhouette, mended."""

    sighting: Sighting
    image: np.ndarray
    mask: np.ndarray


@dataclasses.dataclass
class _Waiting:
    """A frame that waits for its chunk: where people were, not the picture."""

    index: int
    frame: Frame
    people: list[_Person]


@dataclasses.dataclass
class Mean:
    """A mean of values that come one by one, and how many they were."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """Takes a value in."""
        self.total += value
        self.count += 1

    @property
    def value(self) -> float | None:
        """The mean; None of nothing."""
        return self.total / self.count if self.count else None


@dataclasses.dataclass
class Findings:
    """What was found and done in a clip.

    Attributes:
      frames: how many there were.
      people: how many were followed; somebody who was lost and found again counts twice.
      anonymized: sightings that were anonymised, over all frames.
      painted_out: frames with somebody, or something, painted out, by reason; counted from 0.
      flicker: `steadiness.flicker` by `colour_original`, `outline_anonymized` and the like.
      measures: what the method measured of its own work, over anonymised sightings, by name.
    """

    frames: int = 0
    people: int = 0
    anonymized: int = 0
    painted_out: dict[str, set[int]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(set)
    )
    flicker: dict[str, Mean] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(Mean)
    )
    measures: dict[str, Mean] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(Mean)
    )


class VideoAnonymizer:
    """Anonymises one clip; `findings` tells what became of it."""

    def __init__(
        self,
        anonymizer: Anonymizer,
        background: Background,
        colourise: Colouriser,
        key: jax.Array,
    ):
        """Takes all that a clip needs.

        Args:
          anonymizer: a trained method.
          background: the clip's scene.
          colourise: paints them.
          key: every person's own noise comes from this.
        """
        self.findings = Findings()
        self._anonymizer = anonymizer
        self._background = background.picture
        self._colourise = colourise
        self._key = key
        self._tracker = Tracker()
        # The frame before those that wait.
        self._before: list[_Waiting] = []
        # By track: what was drawn for the person (see `contracts.Anonymizer`).
        self._drawn: dict[people.Track, Any] = {}
        # By track: the last frame's (index, (image, mask) original, (image, mask) anonymized).
        self._last: dict[people.Track, tuple[int, tuple, tuple]] = {}

    def __call__(self, segmented: Iterable[tuple[Frame, np.ndarray | None]]) -> Iterator[Frame]:
        """Anonymises frame after frame, in memory that does not grow with the clip.

        Args:
          segmented: the clip's frames, each with its foreground [H, W] uint8 of 0 and 1; None
            where nothing can be said of it.

        Yields:
          As many frames, with the same times, some later than the frame that they were made from.
        """
        waiting: collections.deque[_Waiting] = collections.deque()
        for index, (frame, foreground) in enumerate(segmented):
            waiting.append(self._look(index, frame, foreground))
            if len(waiting) == _CHUNK + _LOOK_AHEAD:
                yield from self._flush(waiting, _LOOK_AHEAD)
        yield from self._flush(waiting, 0)

    def _look(self, index: int, frame: Frame, foreground: np.ndarray | None) -> _Waiting:
        """Finds and follows the people of a frame."""
        self.findings.frames += 1
        if foreground is None:
            self.findings.painted_out[OTHER_SCENE].add(index)
            foreground = np.zeros(frame.image.shape[:2], np.uint8)
        sightings = people.find(foreground)
        self._tracker.update(sightings)
        for sighting in sightings:
            if sighting.lost and sighting.track.is_person:
                # Found again: it was somewhere in between.
                self.findings.painted_out[LOST].update(range(index - sighting.lost, index))
        seen = [_Person(s, frame.image[s.crop].copy(), s.mask) for s in sightings]
        return _Waiting(index, dataclasses.replace(frame, image=None), seen)

    def _flush(self, waiting: collections.deque[_Waiting], keep: int) -> Iterator[Frame]:
        """Anonymises all people of the frames that waited, in one go."""
        self._mend([*self._before, *waiting])
        ready = [waiting.popleft() for _ in range(len(waiting) - keep)]
        self._before = ready[-1:]
        chosen: list[tuple[_Waiting, _Person]] = []
        for one in ready:
            for person in one.people:
                sighting = person.sighting
                problem = sighting.problem
                if problem is None and not sighting.track.is_person:
                    problem = NOT_FOLLOWED
                if problem:
                    self.findings.painted_out[problem].add(one.index)
                else:
                    chosen.append((one, person))
        bodies = []
        if chosen:
            masks = [person.mask for _, person in chosen]
            drawn = [self._drawn_for(person.sighting) for _, person in chosen]
            bodies = self._anonymizer.bodies(drawn, masks)
        images = {one.index: self._background.copy() for one in ready}
        for (one, person), body in zip(chosen, bodies, strict=True):
            problem = body.problem
            if problem is None and not naturalness.is_person_like(body.mask, person.mask):
                problem = NO_PERSON_MADE
            if problem:
                self.findings.painted_out[problem].add(one.index)
            else:
                self._paint(images[one.index], one.index, person, body.mask)
                for name, value in body.measures.items():
                    self.findings.measures[name].add(value)
                self.findings.anonymized += 1
        # Of those who are gone nothing is kept.
        needed = self._tracker.tracks | {p.sighting.track for one in waiting for p in one.people}
        for kept in (self._drawn, self._last):
            for track in kept.keys() - needed:
                del kept[track]
        for one in ready:
            yield dataclasses.replace(one.frame, image=images.pop(one.index))

    @staticmethod
    def _mend(waiting: Iterable[_Waiting]) -> None:
        """Fills gaps of single frames, where the frames before and after it wait, too."""
        by_track: dict[people.Track, dict[int, _Person]] = collections.defaultdict(dict)
        for one in waiting:
            for person in one.people:
                by_track[person.sighting.track][one.index] = person
        for seen in by_track.values():
            for index, person in seen.items():
                around = [seen.get(i) for i in (index - 1, index, index + 1)]
                if all(one and not one.sighting.problem for one in around):
                    person.mask = people.mend(*(one.sighting for one in around))

    def _drawn_for(self, sighting: Sighting) -> Any:
        """What is a track's own, drawn when it is first needed, and the same ever after."""
        track = sighting.track
        if track not in self._drawn:
            key = keys.named_key(self._key, f"person {track.number}")
            self._drawn[track] = self._anonymizer.person([sighting.mask], key)
            self.findings.people += 1
        return self._drawn[track]

    def _paint(self, canvas: np.ndarray, index: int, person: _Person, mask: np.ndarray) -> None:
        """Puts an anonymised person into a frame, in place."""
        sighting = person.sighting
        rim = max(1, round(_RIM * sighting.box[3]))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
        inner = cv2.erode(person.mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
        lending = inner if inner.any() else person.mask
        view = canvas[sighting.crop]
        # Frames of videos are blue, green, red; colourisers see red, green, blue.
        rgb = self._colourise(person.image[..., ::-1], view[..., ::-1], lending, mask)
        view[:] = rgb[..., ::-1]
        original, anonymized = (person.image, person.mask), (view.copy(), mask)
        before = self._last.get(sighting.track)
        if before and before[0] == index - 1:
            for name, pair in (
                ("original", (before[1], original)),
                ("anonymized", (before[2], anonymized)),
            ):
                colour, outline = steadiness.flicker(*pair)
                self.findings.flicker[f"colour_{name}"].add(colour)
                self.findings.flicker[f"outline_{name}"].add(outline)
        self._last[sighting.track] = index, original, anonymized
