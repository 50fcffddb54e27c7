"""How a clip's camera moves: whether it stands, shakes, or turns too far for one scene."""

import dataclasses
import math
import pathlib
from collections.abc import Iterator

import cv2
import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.video.registration import Anchor, Picture, moved, prepared, scaling

# Pixels, of what is looked at, within which a camera stands, how many times as many at the
# picture's corners, and the share of frames that tells.
_STANDS, _TURNS, _NEARLY_ALL = 0.3, 4, 0.98
# Seconds that nothing need be known of how it stands; that it must stand to be worth naming.
_MOMENT, _WORTH = 0.5, 1.0
# Shares of the picture's size: so far from an anchor another is needed; within so much the camera
# moves little.
_FAR, _LITTLE = 0.15, 0.1
# Share of the picture that must be the scene's in the middle of the motion, too.
_SHARED = 0.5
# Anchors that are kept.
_ANCHORS = 64


@dataclasses.dataclass(frozen=True)
class Motion:
    """How a camera moves in a clip of T frames.

    Attributes:
      lies: from the pixels of a frame in the middle of it to each frame's, float [T, 3, 3]; between
        its neighbours' where it is not known.
      known: whether it is, bool [T].
    """

    lies: np.ndarray
    known: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where the camera is in a frame.

    Attributes:
      seconds: when.
      world: frames of one can be compared.
      lies: from the world's pixels to the frame's, of what is looked at; None where not known.
      blank: whether the frame shows nothing that could tell it.
    """

    seconds: float
    world: int
    lies: np.ndarray | None
    blank: bool = False


class Camera:
    """Follows the camera of a clip; give it all frames in order."""

    def __init__(self, shape: tuple[int, int]):
        """Takes rows and columns of a frame."""
        self._scaling = scaling(shape)
        corners = [(0, 0), (shape[1] - 1, 0), (shape[1] - 1, shape[0] - 1), (0, shape[0] - 1)]
        self._corners = moved(self._scaling, np.array(corners, float))
        self._places: list[_Place] = []
        # (world, how it lies there, itself)
        self._anchors: list[tuple[int, np.ndarray, Anchor]] = []
        self._world, self._lies, self._lost = 0, np.eye(3), None

    def see(self, image: np.ndarray, seconds: float) -> None:
        """Looks at the next frame.

        Args:
          image: [H, W, 3] uint8.
          seconds: when it is shown.
        """
        picture = prepared(image)
        lies = self._found(picture)
        if lies is not None:
            self._lies, self._lost = lies, None
            self._places.append(_Place(seconds, self._world, lies))
            if min(self._off(lies, where) for _, where, _ in self._mine()) > self._far:
                self._anchor(picture)
            return
        other = Anchor.of(picture)
        self._places.append(_Place(seconds, self._world, None, other is None))
        if other is None:
            return
        if self._lost is None:
            self._lost = seconds
        long = seconds - self._lost > _MOMENT and len(self._anchors) < _ANCHORS
        if not self._anchors or long:
            # Another scene, or too far to be told.
            self._world += bool(self._anchors)
            self._lies, self._lost = np.eye(3), None
            self._anchors.append((self._world, self._lies, other))
            self._places[-1] = _Place(seconds, self._world, self._lies)

    @property
    def _far(self) -> float:
        return _FAR * np.ptp(self._corners, axis=0).max()

    def _off(self, one: np.ndarray, other: np.ndarray) -> float:
        """By how many pixels, of what is looked at, two views of a world lie apart."""
        apart = moved(one, self._corners) - moved(other, self._corners)
        return float(np.linalg.norm(apart, axis=1).mean())

    def _mine(self) -> list[tuple[int, np.ndarray, Anchor]]:
        return [anchor for anchor in self._anchors if anchor[0] == self._world]

    def _anchor(self, picture: Picture) -> None:
        anchor = Anchor.of(picture)
        if anchor is not None and len(self._anchors) < _ANCHORS:
            self._anchors.append((self._world, self._lies, anchor))

    def _found(self, picture: Picture) -> np.ndarray | None:
        """How a picture lies in the world that it belongs to; None where that is not known."""
        if not self._anchors:
            return None
        _, where, anchor = min(self._mine(), key=lambda one: self._off(one[1], self._lies))
        lies = anchor.locate(picture, self._lies @ np.linalg.inv(where))
        if lies is not None:
            return lies @ where
        first = self._anchors[0][2]
        lies = first.locate(picture, np.eye(3))
        standing = self._off(self._lies, np.eye(3)) < _TURNS * _STANDS
        if lies is None and standing and first.picture.alike(picture):
            lies = np.eye(3)
        if lies is not None:
            self._world = 0
        return lies

    @property
    def stands(self) -> bool:
        """Whether the camera stands in all that was seen."""
        try:
            return self.motion(pathlib.Path()) is None
        except InputError:
            return False

    def motion(
        self, path: pathlib.Path, start: float = 0.0, end: float = math.inf
    ) -> Motion | None:
        """How the camera moves in a part of what was seen.

        Args:
          path: of the clip, to be named.
          start: seconds.
          end: seconds.

        Returns:
          None where it stands.

        Raises:
          InputError: it moves too far for one scene.
        """
        places = self._within(start, end)
        worlds = [place.world for place in places if place.lies is not None]
        if not worlds:
            return None
        main = max(set(worlds), key=worlds.count)
        known = np.array([place.lies is not None and place.world == main for place in places])
        lies = np.array([place.lies for place, sure in zip(places, known, strict=True) if sure])
        # Best known in the middle of what was found again; a turn or zoom shows further out.
        anchor = next(anchor for world, _, anchor in self._anchors if world == main)
        middle, usual = anchor.points.mean(axis=0)[None], np.median(lies, axis=0)
        here = np.array([moved(one, middle)[0] - moved(usual, middle)[0] for one in lies])
        out = np.array([self._off(one, usual) for one in lies])
        still = (np.linalg.norm(here, axis=1) < _STANDS) & (out < _TURNS * _STANDS)
        stands = np.mean(still) >= _NEARLY_ALL
        if self._leaves(places, known, main, stands):
            raise self.refused(path, "moves too fast, or shows another scene", start, end)
        if stands:
            return None
        # The frame nearest to the middle of where the camera goes.
        middles = np.array([moved(one, self._corners).mean(axis=0) for one in lies])
        middle = (middles.min(axis=0) + middles.max(axis=0)) / 2
        reference = np.linalg.inv(lies[np.linalg.norm(middles - middle, axis=1).argmin()])
        lies = lies @ reference
        if min(self._shared(one) for one in lies) < _SHARED:
            raise self.refused(path, "moves too far for one scene", start, end)
        lies = np.linalg.inv(self._scaling) @ lies @ self._scaling
        at, all_ = np.flatnonzero(known), np.arange(len(places))
        rows = [np.interp(all_, at, values) for values in lies.reshape(len(lies), 9).T]
        return Motion(np.stack(rows, axis=1).reshape(-1, 3, 3), known)

    @staticmethod
    def _leaves(places: list[_Place], known: np.ndarray, main: int, stands: bool) -> bool:
        """Whether the camera leaves its scene for longer than a moment."""
        for first, last in _runs(~known):
            gone = [place for place in places[first : last + 1] if not place.blank]
            if not gone or gone[-1].seconds - gone[0].seconds <= _MOMENT:
                continue
            elsewhere = any(place.world != main for place in gone)
            # Something large may hide all that a standing camera sees.
            if elsewhere or not stands or first == 0 or last == len(places) - 1:
                return True
        return False

    def _shared(self, lies: np.ndarray) -> float:
        """Share of its picture that a view shares with that in the middle."""
        quad = moved(np.linalg.inv(lies), self._corners).astype(np.float32)
        frame = self._corners.astype(np.float32)
        both, _ = cv2.intersectConvexConvex(quad, frame)
        return both / max(cv2.contourArea(quad), cv2.contourArea(frame))

    def refused(
        self,
        path: pathlib.Path,
        why: str,
        start: float = 0.0,
        end: float = math.inf,
        little: float = _LITTLE,
    ) -> InputError:
        """Says from when to when the camera stands, where all of a part of the clip is no use.

        Args:
          path: of the clip, to be named.
          why: what the camera does.
          start: seconds.
          end: seconds.
          little: share of the picture by which it may move where it stands.
        """
        stretch = self._steady(self._within(start, end), little)
        if stretch is None:
            return InputError(
                f"{path}: the camera {why}, and does not stand for a second: give a clip of a "
                "camera that stands"
            )
        begin, until = stretch
        return InputError(
            f"{path}: the camera {why}; it stands, or moves little, from {begin:.1f} to "
            f"{until:.1f} s: give --start {begin:.1f} --end {until:.1f}"
        )

    def _within(self, start: float, end: float) -> list[_Place]:
        return [place for place in self._places if start <= place.seconds < end]

    def _steady(self, places: list[_Place], little: float) -> tuple[float, float] | None:
        """Seconds of the longest stretch in which the camera moves little; None of a short one."""
        size = np.ptp(self._corners, axis=0).max()
        best, first = (0.0, 0.0), 0
        seen = [place for place in places if place.lies is not None]
        where = np.array([moved(place.lies, self._corners).ravel() for place in seen])
        for last, place in enumerate(seen):
            if last and (
                place.world != seen[last - 1].world
                or place.seconds - seen[last - 1].seconds > _MOMENT
            ):
                first = last
            while np.ptp(where[first : last + 1], axis=0).max() > little * size:
                first += 1
            # Rounded to what lies within.
            stretch = math.ceil(10 * seen[first].seconds) / 10, math.floor(10 * place.seconds) / 10
            best = max(best, stretch, key=lambda one: one[1] - one[0])
        return best if best[1] - best[0] >= _WORTH else None


def _runs(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last index of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return zip(edges[::2], edges[1::2] - 1, strict=True)
