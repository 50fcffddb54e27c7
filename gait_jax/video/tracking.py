"""Who is who from frame to frame: by place, speed and clothes."""

from collections.abc import Sequence

import numpy as np

from gait_jax.video.clothes import unlike
from gait_jax.video.matching import matched
from gait_jax.video.people import OVERLAP, UNCLEAR, Sighting
from gait_jax.video.tracks import Track, tie

# Seconds: of a track's last sightings its usual height and area come from; so long it is seen, in
# two frames at least, before it is a person, and where no network has seen it, as shreds beside
# people come and go; so long it is looked for where nobody hides it, and at most behind or before
# somebody.
_REMEMBERED, _CONFIRMED, _UNNAMED, _FORGOTTEN, _FORGOTTEN_INSIDE = 0.6, 0.12, 1.0, 0.5, 4.0
# Share of somebody's place that a body covers which hides them.
_COVERED = 0.4
# What clothes weigh beside place; so different ones are not the same person's.
_CLOTHES, _ANOTHERS = 1.5, 0.55
# By so much whoever comes out of a crowd must be more like one who went in than like the others;
# how far from where they should be, in heights, if nobody in it wears the like, or somebody does;
# and seconds after which places tell half as much.
_CLEARLY, _FAR, _NEAR, _FADES = 0.3, 1.2, 0.5, 1.0
# Share of a step in the speed in 1/25 s.
_STEP = 0.3


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Areas that boxes [N, 4] and [M, 4] share: [N, M]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    return np.prod(np.maximum(high - low, 0), axis=-1)


class Tracker:
    """Follows people from frame to frame."""

    def __init__(self, rate: float = 25.0):
        """Starts without anybody.

        Args:
          rate: frames a second.
        """
        self._tracks: list[Track] = []
        self._hidden: set[Track] = set()
        self.count = 0
        self._rate = rate
        self._step = 1 - (1 - _STEP) ** (25 / rate)

    @property
    def tracks(self) -> set[Track]:
        """Everybody who is still followed."""
        return set(self._tracks)

    @property
    def hidden(self) -> set[Track]:
        """Who is behind or before somebody else in this frame, and not seen."""
        return set(self._hidden)

    def update(self, sightings: Sequence[Sighting]) -> None:
        """Says of each sighting of the next frame whose it is.

        Sets `track` and `lost` of each; `problem` where the track shows that the body is not seen
        whole, or not alone; and `apart`.
        """
        boxes = np.array([sighting.box for sighting in sightings], float).reshape(-1, 4)
        expected = np.array([track.expected for track in self._tracks]).reshape(-1, 4)
        shared = _overlap(expected, boxes)
        cost, possible = self._costs(sightings, boxes, expected, shared)
        pairs = self._pairs(sightings, cost, possible)
        unclear = self._doubt(pairs, cost, possible)
        covered: dict[int, list[int]] = {}
        for row, track in enumerate(self._tracks):
            if row not in pairs and track.is_person and not track.doubted:
                # Whoever vanishes into somebody else's body is behind or before them.
                least = _COVERED * np.prod(expected[row, 2:])
                covered[row] = [int(c) for c in np.flatnonzero(shared[row] > least)]
        behind = {column for columns in covered.values() for column in columns}
        for row, column in pairs.items():
            self._see(self._tracks[row], sightings[column], column in behind, column in unclear)
        by_column = {column: self._tracks[row] for row, column in pairs.items()}
        for row, track in enumerate(self._tracks):
            if row not in pairs:
                self._miss(track, [(sightings[c], by_column.get(c)) for c in covered.get(row, ())])
        for column, sighting in enumerate(sightings):
            if column not in by_column:
                self._begin(sighting, column in behind)
        self._untie()
        self._forget()

    def _costs(
        self,
        sightings: Sequence[Sighting],
        boxes: np.ndarray,
        expected: np.ndarray,
        shared: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """What it costs that a sighting is a track's, and whether it can be: [N, M] both."""
        union = np.prod(expected[:, 2:], axis=1)[:, None] + np.prod(boxes[:, 2:], axis=1)[None]
        away = (expected[:, :2] + expected[:, 2:] / 2)[:, None]
        away = np.linalg.norm(away - (boxes[:, :2] + boxes[:, 2:] / 2)[None], axis=-1)
        away = away / np.maximum(expected[:, 3:], 1)
        other = np.zeros_like(away)
        for row, track in enumerate(self._tracks):
            for column, sighting in enumerate(sightings):
                if track.clothes is not None and sighting.clothes is not None:
                    other[row, column] = unlike(track.clothes, sighting.clothes)
        # By overlap, and by distance in body heights where nothing overlaps.
        cost = 1 - shared / np.maximum(union - shared, 1) + away + _CLOTHES * other
        possible = (shared > 0) | (away < 0.5)
        for row, track in enumerate(self._tracks):
            if track.knot:
                # In a crowd they may have stopped or turned back.
                trust = 0.5 ** (track.since / (_FADES * self._rate))
                cost[row] = trust * away[row] + 2 * _CLOTHES * other[row]
                possible[row] = away[row] < (_FAR if track.stands_out else _NEAR)
            if track.knot or track.unseen:
                possible[row] &= other[row] < _ANOTHERS
            if not track.named:
                # A leaf is nobody's beginning.
                for column, sighting in enumerate(sightings):
                    possible[row, column] &= sighting.by_difference or track.is_as_tall_as(sighting)
        return cost, possible

    def _pairs(
        self, sightings: Sequence[Sighting], cost: np.ndarray, possible: np.ndarray
    ) -> dict[int, int]:
        """Whose each sighting is: {track's row: column}.

        Those whom a network has seen and sees come first: of a leaf that moves beside somebody, and
        of them, either might be the other by place.
        """
        tracks = np.array([track.named for track in self._tracks], bool)
        seen = np.array([not sighting.by_difference for sighting in sightings], bool)
        pairs = matched(cost, possible & tracks[:, None] & seen)
        rest = possible.copy()
        rest[list(pairs)] = False
        rest[:, list(pairs.values())] = False
        return pairs | matched(cost, rest)

    def _doubt(self, pairs: dict[int, int], cost: np.ndarray, possible: np.ndarray) -> set[int]:
        """Ends tracks of whom it is not clear who came out of a crowd as whom; in place.

        Returns:
          Columns of those who are one of a crowd, and it is not clear whom.
        """
        ended, unclear = set(), set()
        for row, column in pairs.items():
            for other, track in enumerate(self._tracks):
                if track not in self._tracks[row].knot or not possible[other, column]:
                    continue
                more = cost[other, column] - cost[row, column]
                taken = pairs.get(other)
                if taken is None:
                    if more < _CLEARLY:
                        unclear.add(column)
                elif possible[row, taken]:
                    if more + cost[row, taken] - cost[other, taken] < _CLEARLY:
                        ended |= {row, other}
        for row in ended:
            del pairs[row]
            self._tracks[row].doubted = True
        return unclear

    def _see(self, track: Track, sighting: Sighting, hides: bool, unclear: bool) -> None:
        """Takes in a sighting of a track, which may hide somebody else, or be another's."""
        sighting.track, sighting.lost = track, track.unseen
        sighting.apart = not (hides or sighting.touching)
        if sighting.problem is None:
            sighting.problem = track.problem(sighting)
        if sighting.problem and hides:
            sighting.problem = OVERLAP
        elif unclear:
            sighting.problem = UNCLEAR
        track.unseen = 0
        track.sightings += _counts(sighting)
        track.named |= not sighting.by_difference
        track.needed = min(track.needed, self._needed(sighting))
        if track.is_only_partly(sighting):
            # Feet below a sign do not tell where the body is; after a while, nor whose they are.
            track.since += 1
            track.gone += 1
            return
        track.gone = 0
        box = np.array(sighting.box, float)
        if sighting.problem in (OVERLAP, UNCLEAR):
            # Of two people's common body nothing is learned about either.
            self._within(track, box)
            return
        moved = (box[:2] + box[2:] / 2) - (track.box[:2] + track.box[2:] / 2)
        step = moved / (track.since + 1)
        track.velocity = (1 - self._step) * track.velocity + self._step * step
        track.box, track.since = box, 0
        if sighting.apart:
            track.remember(sighting)

    def _miss(self, track: Track, covers: list[tuple[Sighting, Track | None]]) -> None:
        """Takes in that a track is not seen, and what covers its place."""
        track.unseen += 1
        track.since += 1
        track.gone = 0 if covers else track.gone + 1
        for sighting, other in covers:
            if other:
                tie(track, other)
            if sighting.problem == OVERLAP:
                track.since -= 1
                self._within(track, np.array(sighting.box, float))
                break

    @staticmethod
    def _within(track: Track, box: np.ndarray) -> None:
        """Moves a track on, not out of a body that it is a part of."""
        middle = track.box[:2] + track.box[2:] / 2 + (track.since + 1) * track.velocity
        inside = np.clip(middle, box[:2], box[:2] + box[2:])
        track.box = track.box.astype(float)
        track.box[:2] += inside - middle
        track.since += 1

    def _begin(self, sighting: Sighting, hides: bool) -> None:
        """Begins a track."""
        sighting.apart = not (hides or sighting.touching)
        if not sighting.apart:
            sighting.problem = OVERLAP
        self.count += 1
        memory = max(3, round(_REMEMBERED * self._rate))
        box = np.array(sighting.box, float)
        track = Track(self.count, box, memory, needed=self._needed(sighting))
        track.named = not sighting.by_difference
        track.remember(sighting)
        track.sightings = int(_counts(sighting))
        sighting.track = track
        self._tracks.append(track)

    def _needed(self, sighting: Sighting) -> int:
        """In how many frames somebody has to be seen who is seen so."""
        seconds = _UNNAMED if sighting.by_difference else _CONFIRMED
        return max(2, round(seconds * self._rate))

    def _untie(self) -> None:
        """Ends knots whose people are seen apart."""
        for track in self._tracks:
            if all(not one.since and not one.unseen for one in (track, *track.knot)):
                for one in track.knot:
                    one.knot = one.knot - {track}
                track.knot = set()

    def _forget(self) -> None:
        most, inside = (round(time * self._rate) for time in (_FORGOTTEN, _FORGOTTEN_INSIDE))
        self._tracks = [
            one
            for one in self._tracks
            if one.gone <= most and one.unseen <= inside and not one.doubted
        ]
        left = set(self._tracks)
        for track in self._tracks:
            track.knot &= left
        self._hidden = {one for one in self._tracks if one.unseen and not one.gone}


def _counts(sighting: Sighting) -> bool:
    """Whether a sighting speaks for a person, or is a speck that differs from the scene."""
    return sighting.problem is None or not sighting.by_difference
