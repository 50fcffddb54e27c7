"""What is not the static scene: foreground by difference from the background, without shadows."""

import cv2
import numpy as np

from gait_jax.video.background import Background, Scene, largest_channel
from gait_jax.video.exposure import in_the_light_of
from gait_jax.video.pieces import pieces

# Differences in standard deviations of a pixel's noise: surely foreground, and foreground where it
# hangs together with what surely is (hysteresis in space). Where there was foreground in the frame
# before, the second is lower by a share (hysteresis in time).
_SURE, _LIKELY = 6.0, 4.0
_EASED = 0.75

# Cast shadows: darker than the background by down to so much, and of its colour within so many
# standard deviations of the noise, or such a share of the background's brightness (the sky's blue
# light is left).
_DARKEST_SHADOW = 0.5
_SHADOW_COLOUR, _SHADOW_TINT = 4.0, 0.05
# A shadow's edge is soft: brightness relative to the background changes by less than so much a
# pixel along a row, where a body's edge in front of the same background jumps. Down a column its
# edge is as steep as many a body's, since the ground is seen at a flat angle: columns count only
# beside what rows have shown to be shadow, for what lies between the feet.
_SOFT_EDGE, _SOFT_EDGE_DOWN = 0.035, 0.1
_LARGE = 140

# Pixels at the outline mix person and scene; they count as person from this share of the difference
# that their neighbours within two pixels show.
_MIXED = 0.4

# A frame that differs from the background in more of the picture than this shows another scene.
_MOST_FOREGROUND = 0.5

# Share of the frame's pixels below which a piece of foreground is no part of a person.
SPECK = 1.5e-4

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_SQUARE5 = np.ones((5, 5), np.uint8)
# Rows and columns around a piece of foreground that its refinement looks at.
_MARGIN = 8


class DifferenceSegmenter:
    """Finds foreground frame by frame; remembers the frame before."""

    def __init__(self, scene: Scene):
        """Takes the scene that the frames are compared with."""
        self._scene, self._frames = scene, 0
        self._at = scene.at(0)
        self._before = np.zeros(self._at.noise.shape, np.uint8)
        self._compare_with(self._at)

    def _compare_with(self, background: Background) -> None:
        self._background = background.picture
        self._smooth_background = cv2.GaussianBlur(background.picture, (3, 3), 0.7)
        self._noise = background.noise
        limits = [_LIKELY * background.noise, _EASED * _LIKELY * background.noise]
        self._likely, self._eased = (np.clip(x, 1, 254).astype(np.uint8) for x in limits)

    def __call__(self, image: np.ndarray) -> np.ndarray | None:
        """Segments the next frame.

        Args:
          image: [H, W, 3] uint8 blue, green, red.

        Returns:
          [H, W] uint8, 1 in the foreground; None where the frame shows another scene (the camera
          moved, or the light was switched).
        """
        index, self._frames = self._frames, self._frames + 1
        if not self._scene.knows(index):
            self._before = np.zeros_like(self._before)
            return None
        if (now := self._scene.at(index)) is not self._at:
            self._at = now
            self._compare_with(now)
        image = in_the_light_of(self._background, image)
        off = largest_channel(
            cv2.absdiff(cv2.GaussianBlur(image, (3, 3), 0.7), self._smooth_background)
        )
        limit = cv2.copyTo(self._eased, self._before, self._likely.copy())
        likely = cv2.compare(off, limit, cv2.CMP_GT) & 1
        if cv2.countNonZero(likely) > _MOST_FOREGROUND * likely.size:
            self._before = np.zeros_like(likely)
            return None
        found = np.zeros_like(likely)
        # Pieces near each other are refined together; specks are noise.
        near = cv2.dilate(cv2.erode(likely, _CROSS), np.ones((9, 9), np.uint8))
        for x, y, piece in pieces(near):
            height, width = piece.shape
            inside = likely[y : y + height, x : x + width] & piece
            if cv2.countNonZero(inside) < SPECK * likely.size:
                continue
            left, top = max(x - _MARGIN, 0), max(y - _MARGIN, 0)
            box = np.s_[top : y + height + _MARGIN, left : x + width + _MARGIN]
            mine = np.zeros(likely[box].shape, np.uint8)
            mine[y - top : y - top + height, x - left : x - left + width] = inside
            found[box] |= self._refine(image[box], box, mine)
        self._before = cv2.dilate(found, _CROSS)
        return found

    def _refine(self, image: np.ndarray, box, likely: np.ndarray) -> np.ndarray:
        """The foreground in a box without shadows, and to the pixel: [h, w] uint8."""
        background = self._background[box].astype(np.float32)
        difference = cv2.GaussianBlur(
            cv2.subtract(image, background, dtype=cv2.CV_32F), (3, 3), 0.7
        )
        noise = self._noise[box]
        distance = np.sqrt(_dot(difference, difference))
        sure = distance > _SURE * noise
        shadow = self._shadow(background + difference, background, noise, likely == 0)
        likely = likely & ~shadow
        sure &= likely > 0
        if not sure.any():
            return np.zeros_like(likely)
        # Over cracks of a few pixels: where the background itself has an edge, a body may look like
        # it.
        count, labels = cv2.connectedComponents(cv2.dilate(likely, _SQUARE5), connectivity=8)
        kept = np.zeros(count, np.uint8)
        kept[labels[sure]] = 1
        mask = kept[labels] & likely
        inside = cv2.erode(mask, _SQUARE5, borderType=cv2.BORDER_CONSTANT, borderValue=1)
        around = cv2.dilate(distance * mask, _SQUARE5)
        mask[(inside == 0) & (distance < _MIXED * around)] = 0
        return mask

    @staticmethod
    def _shadow(
        seen: np.ndarray, background: np.ndarray, noise: np.ndarray, scene: np.ndarray
    ) -> np.ndarray:
        """Where a shadow falls on the scene: [h, w] uint8.

        A shadow is the background made darker. So are grey clothes before a grey wall; but a shadow
        fades in from the lit scene beside it, and a body does not.

        Args:
          seen: the frame, smoothed, float32 [h, w, 3].
          background: the scene, float32 [h, w, 3].
          noise: standard deviation, float32 [h, w].
          scene: bool [h, w], where the frame does not differ from the background.
        """
        power = _dot(background, background) + 1
        brightness = _dot(seen, background) / power
        colour = _dot(seen, seen) - np.square(brightness) * power
        like = (brightness < 1) & (brightness > _DARKEST_SHADOW)
        like &= colour < np.maximum(np.square(_SHADOW_COLOUR * noise), _SHADOW_TINT**2 * power)
        open_ = scene | like
        smooth = cv2.GaussianBlur(brightness, (0, 0), sigmaX=1.0, sigmaY=2.0)
        slope = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1)) / 2
        # Of people half as large, shadows are half as wide.
        soft = _SOFT_EDGE * np.clip(_LARGE / len(scene), 1, 2)
        shadow = _reached(open_ & (slope < soft), scene) & ~scene
        # Feet stand in the lowest fifth of what differs from the scene.
        above = int(0.8 * len(shadow))
        rows = above + np.flatnonzero(shadow[above:].sum(axis=1) >= 5)
        if len(rows):
            ground = np.s_[max(rows[0] - 3, 0) : rows[-1] + 1]
            slope = np.abs(cv2.Sobel(brightness, cv2.CV_32F, 0, 1, ksize=1)[ground]) / 2
            passable = open_[ground] & (slope < _SOFT_EDGE_DOWN)
            reached = _reached(passable.T, (scene | shadow)[ground].T).T
            shadow[ground] |= reached & ~scene[ground]
        shadow = shadow.astype(np.uint8)
        return cv2.morphologyEx(shadow, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) & like


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Scalar products of colours: [h, w, 3] float32 → [h, w]."""
    return cv2.transform(cv2.multiply(a, b), np.ones((1, 3), np.float32))


def _reached(passable: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Passable pixels from which three seeds or more are reached along the row: bool [h, w]."""
    rows, columns = passable.shape
    # Runs of passable pixels in a row, numbered through the picture.
    run = np.cumsum(~passable, axis=1) + (np.arange(rows) * (columns + 1))[:, None]
    return passable & (np.bincount(run.ravel(), weights=(passable & seeds).ravel()) >= 3)[run]
