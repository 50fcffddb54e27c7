"""The scene without anybody: a background, and how much each of its pixels is to be trusted.

The camera stands still (2019 §3.5), so whoever walks through hides each pixel for a part of the
time only: the median over frames from all of the clip is the scene. Frames of a camera that moves
are laid on each other before (see `moving`).
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from gait_jax.video.clip import Clip, Frame
from gait_jax.video.exposure import change, lit

# Bytes of frames that a background is made from, and how many these are at least and at most:
# enough for the median, and the same for clips of every length.
MEMORY = 1 << 28
_FEWEST, _MOST = 16, 50
# Seconds: frames that are nearer show people in the same places.
_APART = 0.05

# Bytes of a picture that are worked on at once, so few that the processor keeps them near.
_AT_ONCE = 1 << 17
# Grey levels: less than this is what the video's compression does, not the scene.
_LEAST_NOISE = 1.5
# A pixel is at most so many times as noisy as the picture's middle one: where people stand most of
# the time their colours would count as noise and hide them.
_NOISE_SPREAD = 2.0
# Share of the samples that must show the background's colour for it to be trusted.
_AGREEMENT = 0.6
# Pixels around what was never seen that it is filled from.
_AROUND = 5
# How many times the noise a sample may lie off and still show the background.
_AGREES_WITHIN = 5.0


@dataclasses.dataclass(frozen=True)
class Background:
    """A static scene.

    Attributes:
      picture: [H, W, 3] uint8 blue, green, red.
      noise: standard deviation of a pixel over time, of its noisiest channel, float32 [H, W].
      doubtful: [H, W] uint8, 1 where too few samples showed the background's colour: somebody may
        have stood there for most of the clip, and be part of the background.
      unseen: [H, W] uint8, 1 where somebody hid the scene in every sample: it was filled from what
        is around.
    """

    picture: np.ndarray
    noise: np.ndarray
    doubtful: np.ndarray
    unseen: np.ndarray

    @property
    def plate(self) -> "Background":
        """All that is known of the scene: this."""
        return self

    def knows(self, index: int) -> bool:
        """Whether it is known how the camera stood in a frame: it always stands alike."""
        del index
        return True

    def at(self, index: int) -> "Background":
        """The scene in the pixels of a frame: this, in all of them."""
        del index
        return self


class Scene(Protocol):
    """What the frames of a clip show without anybody."""

    @property
    def plate(self) -> Background:
        """All that is known of it, of any size."""

    def knows(self, index: int) -> bool:
        """Whether it is known how the camera stood in a frame, counted from 0."""

    def at(self, index: int) -> Background:
        """It in the pixels of a frame, counted from 0."""


def sample(
    clip: Clip, look: Callable[[Frame], object] = lambda frame: None
) -> tuple[np.ndarray, list[int]]:
    """Keeps frames that lie evenly over a clip of unknown length, in bounded memory.

    No more than tell the scene: twenty a second where that leaves enough of them.

    Args:
      clip: a video.
      look: called with each frame.

    Returns:
      (they, [N, H, W, 3] uint8; their numbers from 0).
    """
    most = int(np.clip(MEMORY // (3 * clip.height * clip.width), _FEWEST, _MOST))
    kept: list[tuple[int, np.ndarray]] = []
    stride = 1
    for index, frame in enumerate(clip.frames()):
        if index % stride == 0:
            kept.append((index, frame.image))
            if len(kept) > most:
                # As many again may come: every second one is dropped, and only every second kept.
                kept = kept[::2]
                stride *= 2
        look(frame)
    while stride < _APART * clip.rate and len(kept) >= 2 * _FEWEST:
        kept = kept[::2]
        stride *= 2
    indices = [index for index, _ in kept]
    images = np.empty((len(kept), clip.height, clip.width, 3), np.uint8)
    # Nearly all of what is kept is in memory once.
    for place in reversed(range(len(kept))):
        images[place] = kept.pop()[1]
    return images, indices


def largest_channel(image: np.ndarray) -> np.ndarray:
    """Each pixel's largest channel: [H, W, 3] → [H, W]."""
    first, second, third = cv2.split(image)
    return cv2.max(cv2.max(first, second), third)


def median(samples: Sequence[np.ndarray], hidden: np.ndarray | None = None) -> np.ndarray:
    """The upper median of pictures, by bisection.

    Eight passes over them, where sorting each pixel's values takes ten times as long.

    Args:
      samples: N below 256, each [H, W] or [H, W, C] uint8.
      hidden: [N, H, W] uint8, 1 where a sample does not count; 255 comes out where none does.

    Returns:
      As each sample.
    """
    found = np.empty(samples[0].shape, np.uint8)
    for part in _strips(found.shape):
        strips = np.stack([one[part] for one in samples])
        found[part] = _median(strips, None if hidden is None else hidden[:, part])
    return found


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Rows of a picture that are worked on at once."""
    rows = max(1, _AT_ONCE // math.prod(shape[1:]))
    return (slice(top, top + rows) for top in range(0, shape[0], rows))


def _median(samples: np.ndarray, hidden: np.ndarray | None) -> np.ndarray:
    """See `median`; what is hidden of the samples [N, ...] is changed."""
    found = np.zeros(samples.shape[1:], np.uint8)
    count = np.full(found.shape[:2], len(samples))
    if hidden is not None:
        count -= hidden.sum(axis=0, dtype=int)
        # What is 0 reaches nothing that is tried.
        samples[hidden > 0] = 0
    # The upper median is the largest value that so many of the samples reach.
    enough = (count - count // 2).astype(np.uint8)
    enough = enough.reshape(enough.shape + (1,) * (found.ndim - 2))
    reached = np.empty(found.shape, bool)
    for bit in (128, 64, 32, 16, 8, 4, 2, 1):
        tried = found | np.uint8(bit)
        above = np.zeros(found.shape, np.uint8)
        for one in samples:
            np.greater_equal(one, tried, out=reached)
            above += reached.view(np.uint8)
        found = np.where(above >= enough, tried, found)
    return found


def estimate(
    samples: np.ndarray, background: np.ndarray | None = None, hidden: np.ndarray | None = None
) -> Background:
    """Learns the static scene from frames of the clip.

    Args:
      samples: [N, H, W, 3] uint8 frames from all of the clip, N below 256.
      background: the scene without anybody where it is known, [H, W, 3] uint8.
      hidden: [N, H, W] uint8, 1 where somebody is known to hide the scene.

    Returns:
      The scene, in the light of the background that was given or of the frame in the middle;
      nothing of a given background is doubtful or unseen.
    """
    given = background is not None
    masks = np.zeros(samples.shape[:3], np.uint8) if hidden is None else hidden
    middle = len(samples) // 2
    reference, over = (background, 0) if given else (samples[middle], masks[middle])
    changes = [
        change(reference, one, mask | over) for one, mask in zip(samples, masks, strict=True)
    ]

    def parts(rows: slice) -> list[np.ndarray]:
        return [lit(one[rows], how) for one, how in zip(samples, changes, strict=True)]

    seen = len(samples) - masks.sum(axis=0, dtype=int)
    unseen = np.zeros(seen.shape, np.uint8)
    if not given:
        background, unseen = np.empty_like(samples[0]), (seen == 0).astype(np.uint8)
        for rows in _strips(background.shape):
            background[rows] = _median(np.stack(parts(rows)), masks[:, rows])
        if unseen.any():
            background = cv2.inpaint(background, unseen, _AROUND, cv2.INPAINT_TELEA)
    off = np.empty(masks.shape, np.uint8)
    for rows in _strips(background.shape):
        for one, part in zip(off, parts(rows), strict=True):
            one[rows] = largest_channel(cv2.absdiff(part, background[rows]))
    # The median of the deviations is 0.67 standard deviations of Gaussian noise.
    noise = np.maximum(1.4826 * median(off, hidden).astype(np.float32), _LEAST_NOISE)
    noise = np.minimum(noise, _NOISE_SPREAD * np.median(noise))
    doubtful = np.zeros(noise.shape, np.uint8)
    if not given:
        limit = np.minimum(_AGREES_WITHIN * noise, 255).astype(np.uint8)
        within = np.zeros(noise.shape, np.uint8)
        for one, mask in zip(off, masks, strict=True):
            within += (one <= limit) & (mask == 0)
        doubtful = (within < _AGREEMENT * seen).astype(np.uint8)
        doubtful = cv2.morphologyEx(doubtful, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return Background(background, noise, doubtful, unseen)
