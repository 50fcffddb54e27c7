"""Paints anonymised people into the frames of a clip."""

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from gait_jax.anonymization.following import Sight
from gait_jax.gait.limbs import Limbs
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import AnonymizedBody, Colouriser, Shot
from gait_jax.video import faces, shadows, steadiness, sunlight
from gait_jax.video.background import Scene
from gait_jax.video.sunlight import Glance, Sun

# Pixels at the rim of a silhouette mix person and scene. Colours are taken from within, by this
# share of the body's height: else a line of them shows where the old outline was.
_RIM = 1 / 120
# In heights, beside and above a figure: what is painted, and what it is painted from, lies within.
_ROOM = 0.4, 0.3
# Every so manyth figure is glanced at, and so many glances say which way shadows fall now.
_GLANCED, _GLANCES = 5, 40


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


@dataclasses.dataclass(frozen=True)
class Figure:
    """Somebody who is shown in a frame.

    Attributes:
      index: of the frame, from 0.
      sight: the original in it.
      image: what the frame shows in the sight's window (see `Painter.taken`).
      mask: the original there, [h, w] uint8 of 0 and 1.
      body: who is shown instead.
    """

    index: int
    sight: Sight
    image: np.ndarray
    mask: np.ndarray
    body: AnonymizedBody

    def near(self) -> "Figure":
        """The same in a window no larger than painting needs."""
        x, y, width, height = cv2.boundingRect(self.mask | self.body.mask)
        beside, above = (round(room * height) for room in _ROOM)
        left, top = max(x - beside, 0), max(y - above, 0)
        box = np.s_[top : y + height + above, left : x + width + beside]
        mask, body, sight = self.mask[box].copy(), self.body, self.sight
        window = (sight.window[0] + left, sight.window[1] + top, mask.shape[1], mask.shape[0])
        body = dataclasses.replace(
            body,
            mask=body.mask[box].copy(),
            limbs=body.limbs and body.limbs.moved(-left, -top),
            feet=body.feet and body.feet.moved(-left, -top),
        )
        sight = dataclasses.replace(sight, window=window)
        return Figure(self.index, sight, self.image[box].copy(), mask, body)


@dataclasses.dataclass(frozen=True)
class Sketch:
    """Some frames before they are painted.

    Attributes:
      figures: who is shown, near (see `Figure.near`).
      sun: how shadows fall; None where none do.
    """

    figures: list[Figure]
    sun: Sun | None


class Painter:
    """Remembers what people wear, as long as they are there.

    Attributes:
      by_nearest: how many figures were coloured by the nearest pixel, as nothing else could be.
      flicker: `steadiness.flicker` by `colour_original`, `outline_anonymized` and the like.
    """

    def __init__(self, colourise: Colouriser, blur_faces: bool = True):
        """Begins with nobody.

        Args:
          colourise: paints people; whom it cannot paint, the nearest pixel colours.
          blur_faces: whether nobody's face may be known.
        """
        self.by_nearest = 0
        self.flicker: dict[str, Mean] = collections.defaultdict(Mean)
        self._colourise, self._otherwise = colourise, Placed(nearest.colourise)
        self._blur_faces = blur_faces
        self._glances: collections.deque[Glance] = collections.deque(maxlen=_GLANCES)
        # By person: what the colouriser knows of them.
        self._known: dict[int, Any] = {}
        # By person: the last frame's (index, (image, mask) original, (image, mask) anonymized).
        self._last: dict[int, tuple[int, tuple, tuple]] = {}

    def taken(self, window: np.ndarray, sight: Sight, mask: np.ndarray) -> np.ndarray:
        """What is kept of a frame to paint somebody: a copy, blurred where their head is.

        Args:
          window: what the frame shows in the sight's window, [h, w, 3] uint8.
          sight: the person.
          mask: of them, [h, w] uint8 of 0 and 1.
        """
        if not self._blur_faces:
            return window.copy()
        return faces.blurred(window, mask, _within(sight))

    def sketch(self, scene: Scene, figures: Sequence[Figure]) -> Sketch:
        """What painting some frames needs; the frames in order.

        Args:
          scene: the clip's.
          figures: who is shown, in order of time; of a frame's the last one is the nearest.
        """
        for figure in figures[::_GLANCED]:
            there = scene.at(figure.index).picture[figure.sight.crop]
            self._glances.append(sunlight.glance(figure.image, there, figure.mask))
        return Sketch([one.near() for one in figures], sunlight.sun_of(self._glances))

    def paint(self, scene: Scene, indices: Iterable[int], sketch: Sketch) -> Iterator[np.ndarray]:
        """Paints some frames: their figures over the scene.

        Args:
          scene: the clip's.
          indices: the frames, which follow those that were painted before.
          sketch: of them all.

        Yields:
          Each frame, [H, W, 3] uint8 blue, green, red.
        """
        shots: dict[int, list[tuple[Figure, Shot]]] = collections.defaultdict(list)
        own: dict[int, list[Shot]] = collections.defaultdict(list)
        for figure in sketch.figures:
            shot = self._shot(figure)
            shots[figure.index].append((figure, shot))
            own[figure.sight.whose.number].append(shot)
        for person, theirs in own.items():
            self._known[person] = self._colourise.remember(self._known.get(person), theirs)
        for index in indices:
            canvas = scene.at(index).picture.copy()
            for figure, shot in shots.pop(index, ()):
                self._paint(canvas, figure, shot, sketch.sun)
            yield canvas

    def forget(self, person: int) -> None:
        """Somebody is gone, by their track's number."""
        self._known.pop(person, None)
        self._last.pop(person, None)

    def _shot(self, figure: Figure) -> Shot:
        """Somebody as colourisers see them: red, green, blue."""
        sight, mask = figure.sight, figure.mask
        rim = max(1, round(_RIM * sight.box[3]))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
        inner = cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
        return Shot(
            picture=figure.image[..., ::-1],
            original=inner if inner.any() else mask,
            anonymized=figure.body.mask,
            # Where somebody stands before them, others' colours would be taken for theirs.
            limbs=_within(sight) if sight.apart else None,
            anonymized_limbs=figure.body.limbs,
            frame=figure.index - sight.whose.first,
        )

    def _paint(self, canvas: np.ndarray, figure: Figure, shot: Shot, sun: Sun | None) -> None:
        sight = figure.sight
        known, colourise = self._known[sight.whose.number], self._colourise
        if not colourise.knows(known, shot):
            colourise = self._otherwise
            self.by_nearest += 1
        view = canvas[sight.crop]
        if figure.body.feet is not None:
            if sun:
                ground = sight.window[1] + figure.body.feet.corners[..., 1].mean()
                sunlight.cast(canvas, shot.anonymized, sight.window[:2], ground, sun)
            shadows.cast(canvas, figure.body.feet.moved(*sight.window[:2]))
        view[:] = colourise(shot, view[..., ::-1], known)[..., ::-1]
        original, anonymized = (figure.image, figure.mask), (view.copy(), shot.anonymized)
        before = self._last.get(sight.whose.number)
        if before and before[0] == figure.index - 1:
            for name, pair in (
                ("original", (before[1], original)),
                ("anonymized", (before[2], anonymized)),
            ):
                colour, outline = steadiness.flicker(*pair)
                self.flicker[f"colour_{name}"].add(colour)
                self.flicker[f"outline_{name}"].add(outline)
        self._last[sight.whose.number] = figure.index, original, anonymized


def _within(sight: Sight) -> Limbs | None:
    """Somebody's joints in the pixels of their window."""
    x, y, _, _ = sight.window
    return sight.limbs and sight.limbs.moved(-x, -y)
