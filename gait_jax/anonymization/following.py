"""Who is where in a clip: all of it is looked at before anybody is anonymised."""

import collections
import contextlib
import dataclasses
import io
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cv2
import numpy as np

from gait_jax.gait.limbs import Limbs
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.video import joining, people
from gait_jax.video.people import Box, Sighting
from gait_jax.video.tracking import Track, Tracker

LOST = "lost by the segmentation"
NOT_FOLLOWED = "moves, but was not followed as a person"
# Seconds at each end of a piece of somebody's way that tell their speed there; and for which they
# are shown where they should be, between two frames in which they are seen well.
_SPEED, _BRIDGED = 0.4, 0.16
OTHER_SCENE = "the camera moved, or the light was switched: nobody could be found"


@dataclasses.dataclass(eq=False)
class Followed:
    """One person, or something that moves, over time.

    Attributes:
      number: from 1, in order of appearance.
      first: the first frame with them.
      last: the last one.
      is_person: whether they were seen often enough, and large enough, to be no flicker.
      glimpses: what the anonymiser keeps of their frames, by frame.
      seen: frames in which they were found.
      lost: frames between in which they were not.
    """

    number: int
    first: int
    last: int
    is_person: bool = False
    glimpses: dict[int, Any] = dataclasses.field(default_factory=dict)
    seen: set[int] = dataclasses.field(default_factory=set)
    lost: set[int] = dataclasses.field(default_factory=set)

    def go_on_as(self, later: "Followed") -> None:
        """Takes in a later piece of the same person's way."""
        self.seen |= later.seen
        between = set(range(self.last + 1, later.first))
        self.lost = (self.lost | later.lost | between) - self.seen
        self.last = max(self.last, later.last)
        self.glimpses |= later.glimpses

    def all_glimpses(self) -> list[Any | None]:
        """Of all frames from the first to the last, None where nothing usable was seen."""
        return [self.glimpses.get(frame) for frame in range(self.first, self.last + 1)]


@dataclasses.dataclass(frozen=True)
class Sight:
    """Somebody in a frame.

    Attributes:
      whose: the person.
      window: the crop of the frame (x, y, width, height) that holds the body with room around it.
      box: the body's bounding box in the frame, likewise.
      problem: why it cannot be anonymised; None where it can.
      where: place and length of the silhouette among the kept ones.
      limbs: where their joints are in the frame, where they are known.
      apart: whether they stand alone there.
    """

    whose: Followed
    window: Box
    box: Box
    problem: str | None
    where: tuple[int, int]
    limbs: Limbs | None = None
    apart: bool = True

    @property
    def crop(self) -> tuple[slice, slice]:
        """The window as an index into a frame."""
        x, y, width, height = self.window
        return slice(y, y + height), slice(x, x + width)


class Following:
    """Everybody in a clip; use as a context manager.

    Silhouettes lie in a temporary file, what is in memory is little.

    Attributes:
      frames: how many there were.
      unlike: those of which nothing can be said (see `OTHER_SCENE`).
    """

    def __init__(
        self,
        found: Iterable[list[Sighting] | None],
        glimpse: Callable[[np.ndarray, tuple[int, int]], Any],
        rate: float = 25.0,
    ):
        """Follows the people of all frames.

        Args:
          found: who is in each of the clip's frames; None where nothing can be said of it.
          glimpse: says what is kept of a person's frame: of mask and corner, see
            `contracts.Anonymizer.glimpse`.
          rate: frames a second.

        Raises:
          InputError: the temporary folder cannot be written.
        """
        self.frames = 0
        self.unlike: set[int] = set()
        self._glimpse, self._rate = glimpse, rate
        self._kept: list[list[Sight]] = []
        self._before: list[Sighting] = []
        self._people: dict[Track, Followed] = {}
        with contextlib.ExitStack() as opened:
            self._file = opened.enter_context(tempfile.TemporaryFile())
            self._follow(found)
            self._join()
            self._bridge()
            for kept in self._kept:
                # Who stands lower is nearer to most cameras: the last is painted over the others.
                kept.sort(key=lambda sight: sight.box[1] + sight.box[3])
            opened.pop_all()

    def _follow(self, found: Iterable[list[Sighting] | None]) -> None:
        tracker = Tracker(self._rate)
        waiting: collections.deque[list[Sighting]] = collections.deque()
        for sightings in found:
            waiting.append(self._look(tracker, sightings))
            if len(waiting) > 1:
                self._keep(waiting)
        while waiting:
            self._keep(waiting)

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def _look(self, tracker: Tracker, sightings: list[Sighting] | None) -> list[Sighting]:
        index, self.frames = self.frames, self.frames + 1
        if sightings is None:
            self.unlike.add(index)
            sightings = []
        tracker.update(sightings)
        for sighting in sightings:
            track = sighting.track
            person = self._people.setdefault(track, Followed(track.number, index, index))
            person.last = index
            person.seen.add(index)
            person.is_person |= track.is_person
            if sighting.lost and track.is_person:
                # Found again: it was somewhere in between.
                person.lost.update(range(index - sighting.lost, index))
        for track in tracker.hidden:
            person = self._people[track]
            person.last = index
            person.lost.add(index)
        return sightings

    def _keep(self, waiting: collections.deque[list[Sighting]]) -> None:
        """Keeps the first of the frames that wait; the one before it and the next one mend it."""
        index, now = len(self._kept), waiting.popleft()
        beside = (self._before, waiting[0] if waiting else [])
        kept = []
        for sighting in now:
            before, after = (
                next((other for other in frame if other.track is sighting.track), None)
                for frame in beside
            )
            mask = sighting.mask
            beside_it = (before, sighting, after)
            if all(one and one.apart and not one.problem for one in beside_it):
                mask = people.mend(before, sighting, after)
            person = self._people[sighting.track]
            if sighting.problem is None and sighting.apart:
                person.glimpses[index] = self._glimpse(mask, sighting.window[:2])
            known = (sighting.window, sighting.box, sighting.problem, self._write(mask))
            kept.append(Sight(person, *known, sighting.limbs, sighting.apart))
        self._kept.append(kept)
        self._before = now

    def _join(self) -> None:
        """Makes one person of pieces that are one's."""
        where: dict[Followed, list[tuple[int, Box]]] = collections.defaultdict(list)
        for index, kept in enumerate(self._kept):
            for sight in kept:
                where[sight.whose].append((index, sight.box))
        tracks = {one: track for track, one in self._people.items() if one.is_person}
        reach = max(3, round(_SPEED * self._rate))
        pieces = []
        for one, track in tracks.items():
            frames, boxes = zip(*where[one], strict=True)
            known = not track.doubted
            pieces.append(
                joining.piece(frames, np.array(boxes, float), reach, track.clothes, known)
            )
        people = list(tracks)
        into: dict[Followed, Followed] = {}
        # Later ones first: whoever goes on as somebody takes with them who goes on as they.
        for earlier, later in sorted(joining.joins(pieces, self._rate), reverse=True):
            one, other = people[earlier], people[later]
            one.go_on_as(other)
            into[other] = one
            del self._people[tracks[other]]
        if not into:
            return

        def final(one: Followed) -> Followed:
            while one in into:
                one = into[one]
            return one

        for kept in self._kept:
            kept[:] = [dataclasses.replace(sight, whose=final(sight.whose)) for sight in kept]

    def _bridge(self) -> None:
        """Shows people in the few frames between two in which they are seen well.

        Only where pictures were looked at: who is missing in given masks is missing.
        """
        longest = round(_BRIDGED * self._rate)
        for track, one in self._people.items():
            if track.clothes is None or not one.is_person:
                continue
            before: tuple[int, Sight] | None = None
            for index in sorted(one.seen):
                sight = next(sight for sight in self._kept[index] if sight.whose is one)
                if sight.problem is None:
                    if before and 1 < index - before[0] <= longest + 1:
                        self._fill(before, (index, sight))
                    before = index, sight

    def _fill(self, before: tuple[int, Sight], after: tuple[int, Sight]) -> None:
        """Puts somebody into the frames between two."""
        (first, one), (last, other) = before, after
        masks = [self.mask(sight) for sight in (one, other)]
        middles = [people.middle(mask) for mask in masks]
        moved = middles[1] + other.window[:2] - middles[0] - one.window[:2]
        for index in range(first + 1, last):
            # From the frame that is nearer.
            late = int(2 * (index - first) > last - first)
            share = (index - (first, last)[late]) / (last - first)
            right, down = (int(each) for each in np.rint(moved * share))
            here, window = people.shifted(masks[late], right, down), (one, other)[late].window
            x, y, width, height = cv2.boundingRect(here)
            if not width:
                continue
            box = (window[0] + x, window[1] + y, width, height)
            filled = Sight(one.whose, window, box, None, self._write(here))
            rest = [sight for sight in self._kept[index] if sight.whose is not one.whose]
            self._kept[index] = [*rest, filled]
            one.whose.seen.add(index)
            one.whose.lost.discard(index)

    def _write(self, mask: np.ndarray) -> tuple[int, int]:
        data = zlib.compress(np.packbits(mask).tobytes(), 1)
        try:
            place = self._file.seek(0, io.SEEK_END)
            self._file.write(data)
        except OSError as error:
            raise InputError(
                f"{tempfile.gettempdir()} cannot be written ({reason_of(error)}): silhouettes are "
                "kept there for a while; make room, or set TMPDIR to another folder"
            ) from None
        return place, len(data)

    @property
    def people(self) -> dict[int, Followed]:
        """Those who were followed, by the number that a user knows: from 1, as they appear.

        The same finder gives the same clip's people the same numbers.
        """
        return dict(enumerate((one for one in self._people.values() if one.is_person), 1))

    def mask(self, sight: Sight) -> np.ndarray:
        """The silhouette in its window, mended: [h, w] uint8 of 0 and 1."""
        place, length = sight.where
        self._file.seek(place)
        height, width = sight.window[3], sight.window[2]
        bits = np.frombuffer(zlib.decompress(self._file.read(length)), np.uint8)
        return np.unpackbits(bits, count=height * width).reshape(height, width)

    def __iter__(self) -> Iterator[list[Sight]]:
        """Who is in each frame."""
        return iter(self._kept)
