"""Anonymises people in videos with a trained method. Fails closed.

A frame that leaves here is the background, as the camera sees it, and on it nothing but anonymised
people (eq 9's regions 1 to 4, 2019 §3.5): whatever else differs from the background, a person of
whom no anonymised gait could be made or something that only moves, is painted out because nothing
paints it in.
"""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from gait_jax.anonymization.accounts import NOT_CHOSEN, Account
from gait_jax.anonymization.following import (
    LOST,
    NOT_FOLLOWED,
    OTHER_SCENE,
    Followed,
    Following,
    Sight,
)
from gait_jax.anonymization.painting import Figure, Mean, Painter, Sketch
from gait_jax.methods.contracts import Anonymizer, Seen
from gait_jax.runtime import keys
from gait_jax.video.background import Scene
from gait_jax.video.clip import Frame
from gait_jax.video.people import Sighting
from gait_jax.video.prefetch import prefetch

NO_PERSON_MADE = "the anonymised shape is not one whole person"

# Frames that share a call of the generator.
_CHUNK = 32


@dataclasses.dataclass(frozen=True)
class _Person:
    """Somebody in a frame with what has to be kept of it; `mask` is their silhouette."""

    sight: Sight
    image: np.ndarray
    mask: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Waiting:
    """A frame that waits for its chunk: where people were, not the picture."""

    index: int
    frame: Frame
    people: list[_Person]


@dataclasses.dataclass
class Findings:
    """What was found and done in a clip.

    Attributes:
      frames: how many there were.
      people: what became of those who were followed, in order of appearance; somebody who was
        lost and found again counts twice.
      anonymized: sightings that were anonymised, over all frames.
      painted_out: frames with somebody, or something, painted out, by reason; counted from 0.
      measures: what the method measured of its own work, over anonymised sightings, by name.
    """

    frames: int = 0
    people: dict[int, Account] = dataclasses.field(default_factory=dict)
    anonymized: int = 0
    painted_out: dict[str, set[int]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(set)
    )
    measures: dict[str, Mean] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(Mean)
    )


class VideoAnonymizer:
    """Anonymises one clip; `findings` tells what became of it."""

    def __init__(
        self,
        anonymizer: Anonymizer,
        scene: Scene,
        painter: Painter,
        key: jax.Array,
        rate: float,
        shows: Callable[[int], bool] = lambda person: True,
    ):
        """Takes all that a clip needs.

        Args:
          anonymizer: a trained method.
          scene: the clip's.
          painter: paints them.
          key: every person's own noise comes from this.
          rate: frames a second.
          shows: whether a person, by number (see `Following.people`), is shown; the others are
            painted out.
        """
        self.findings = Findings()
        self._anonymizer = anonymizer
        self._scene = scene
        self._key, self._rate, self._shows = key, rate, shows
        # Those who are not shown, as tracks are numbered.
        self._others: set[int] = set()
        # By person: what was drawn for them (see `contracts.Anonymizer`).
        self._drawn: dict[int, Any] = {}
        self._painter = painter

    def look(self, seen: Iterable[list[Sighting] | None]) -> Following:
        """Follows everybody through all of the clip (see `following.Following`)."""
        found = Following(seen, self._anonymizer.glimpse, self._rate)
        self.findings.frames = found.frames
        if found.unlike:
            self.findings.painted_out[OTHER_SCENE] |= found.unlike
        for number, whose in found.people.items():
            account = self.findings.people[whose.number] = Account(whose.first, whose.last)
            reason = LOST
            if not self._shows(number):
                self._others.add(whose.number)
                reason = NOT_CHOSEN
            if whose.lost:
                account.hidden[reason] |= whose.lost
                self.findings.painted_out[reason] |= whose.lost
        return found

    def __call__(self, frames: Iterable[Frame], found: Following) -> Iterator[Frame]:
        """Anonymises frame after frame.

        Args:
          frames: the clip's, once more.
          found: who is in them (see `look`).

        Yields:
          As many frames, with the same times.
        """
        # Shapes are made while others are painted.
        with prefetch(self._sketched(frames, found), depth=1) as sketched:
            for waiting, sketch, gone in sketched:
                indices = [index for index, _ in waiting]
                pictures = self._painter.paint(self._scene, indices, sketch)
                for (_, frame), picture in zip(waiting, pictures, strict=True):
                    yield dataclasses.replace(frame, image=picture)
                for person in gone:
                    self._painter.forget(person)

    def _sketched(
        self, frames: Iterable[Frame], found: Following
    ) -> Iterator[tuple[list[tuple[int, Frame]], Sketch, set[int]]]:
        """Some frames at once: without their pictures, with who is in them, and who leaves."""
        waiting: list[_Waiting] = []
        for index, (frame, seen) in enumerate(zip(frames, found, strict=True)):
            people = []
            for one in seen:
                mask = found.mask(one)
                people.append(
                    _Person(one, self._painter.taken(frame.image[one.crop], one, mask), mask)
                )
            waiting.append(_Waiting(index, dataclasses.replace(frame, image=None), people))
            if len(waiting) == _CHUNK or index == found.frames - 1:
                sketch = self._painter.sketch(self._scene, self._figures(waiting))
                sketched = [(one.index, one.frame) for one in waiting], sketch, self._gone(waiting)
                # What it was made from is not kept while it waits.
                waiting, people = [], []
                yield sketched

    def _figures(self, waiting: list[_Waiting]) -> list[Figure]:
        """Anonymises all people of some frames, in one go."""
        chosen: list[tuple[_Waiting, _Person]] = []
        for one in waiting:
            for person in one.people:
                problem = person.sight.problem
                if person.sight.whose.number in self._others:
                    problem = NOT_CHOSEN
                elif problem is None and not person.sight.whose.is_person:
                    problem = NOT_FOLLOWED
                if problem:
                    self._hide(one.index, person, problem)
                else:
                    chosen.append((one, person))
        bodies = []
        if chosen:
            seen = [
                Seen(person.mask, one.index - person.sight.whose.first, person.sight.window[:2])
                for one, person in chosen
            ]
            drawn = [self._drawn_for(person.sight.whose) for _, person in chosen]
            bodies = self._anonymizer.bodies(drawn, seen)
        shown: list[Figure] = []
        for (one, person), body in zip(chosen, bodies, strict=True):
            problem = body.problem
            if problem is None and not self._anonymizer.is_whole(body.mask, person.mask):
                problem = NO_PERSON_MADE
            if problem:
                self._hide(one.index, person, problem)
                continue
            shown.append(Figure(one.index, person.sight, person.image, person.mask, body))
            self.findings.people[person.sight.whose.number].shown.add(one.index)
            for name, value in body.measures.items():
                self.findings.measures[name].add(value)
            self.findings.anonymized += 1
        return shown

    def _hide(self, index: int, person: _Person, reason: str) -> None:
        """Says of somebody, or something, that is painted out of a frame why it is."""
        self.findings.painted_out[reason].add(index)
        account = self.findings.people.get(person.sight.whose.number)
        if account:
            account.hidden[reason].add(index)

    def _gone(self, waiting: list[_Waiting]) -> set[int]:
        """Keeps nothing of those who are gone, as tracks are numbered."""
        there = [person.sight.whose for one in waiting for person in one.people]
        gone = {whose.number for whose in there if whose.last <= waiting[-1].index}
        for person in gone:
            self._drawn.pop(person, None)
        return gone

    def _drawn_for(self, whose: Followed) -> Any:
        """What is a person's own, drawn when it is first needed, and the same ever after."""
        if whose.number not in self._drawn:
            key = keys.named_key(self._key, f"person {whose.number}")
            glimpses = whose.all_glimpses()
            drawn = self._anonymizer.person(glimpses, key, self._rate)
            self._drawn[whose.number] = drawn
            self.findings.people[whose.number].told = self._anonymizer.told(drawn)
        return self._drawn[whose.number]
