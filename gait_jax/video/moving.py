"""The scene before a camera that moves: one plate, as large as all that is seen of it."""

import dataclasses

import cv2
import numpy as np

from gait_jax.video.background import MEMORY, Background, largest_channel, median
from gait_jax.video.camera import Motion
from gait_jax.video.exposure import change, lit
from gait_jax.video.registration import moved

# Pixels at the rim of a frame that mix with what is beyond it when it is laid on the plate.
_RIM = 1
# Grey levels, and times the noise, by which most frames differ where they do not fit together.
_MISFIT, _NOISY = 12, 4.0


@dataclasses.dataclass(frozen=True)
class Canvas:
    """Where frames of a moving camera lie on one plate.

    Attributes:
      motion: the camera's.
      corner: the plate's upper left pixel (x, y), in pixels of the frame in the motion's middle.
      size: columns and rows of the plate.
      frame: likewise of a frame.
    """

    motion: Motion
    corner: tuple[int, int]
    size: tuple[int, int]
    frame: tuple[int, int]

    @classmethod
    def of(cls, motion: Motion, frame: tuple[int, int]) -> "Canvas":
        """The smallest that holds all frames; frame: columns and rows of one."""
        views = np.concatenate([_view(lies, frame) for lies in motion.lies])
        low = np.floor(views.min(axis=0)).astype(int)
        size = np.ceil(views.max(axis=0)).astype(int) - low + 1
        return cls(motion, (int(low[0]), int(low[1])), (int(size[0]), int(size[1])), frame)

    def lies(self, index: int) -> np.ndarray:
        """From the plate's pixels to those of a frame, [3, 3]."""
        x, y = self.corner
        return self.motion.lies[index] @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])

    def laid(self, samples: np.ndarray, indices: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Lays frames on the plate, as many as memory is meant for.

        Args:
          samples: [N, H, W, 3] uint8.
          indices: of these frames, [N].

        Returns:
          (they, [n, h, w, 3] uint8; where each shows nothing, [n, h, w] uint8).
        """
        width, height = self.size
        known = [i for i, index in enumerate(indices) if self.motion.known[index]]
        # Half of it: the frames themselves are there, too.
        step = -(-3 * width * height * len(known) // (MEMORY // 2))
        kept = known[::step]
        laid = np.empty((len(kept), height, width, 3), np.uint8)
        outside = np.empty((len(kept), height, width), np.uint8)
        inside = np.zeros(self.frame[::-1], np.uint8)
        inside[_RIM:-_RIM, _RIM:-_RIM] = 1
        for i, one in enumerate(kept):
            back = np.linalg.inv(self.lies(indices[one]))
            laid[i] = cv2.warpPerspective(
                samples[one],
                back,
                self.size,
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REPLICATE,
            )
            seen = cv2.warpPerspective(inside, back, self.size, flags=cv2.INTER_NEAREST)
            outside[i] = 1 - seen
        return laid, outside

    def viewed(self) -> np.ndarray:
        """Where the plate is in some frame: [h, w] uint8."""
        mask = np.zeros(self.size[::-1], np.uint8)
        for lies in self.motion.lies:
            quad = np.rint(_view(lies, self.frame) - self.corner).astype(np.int32)
            cv2.fillConvexPoly(mask, quad, 1)
        return mask


def _view(lies: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """The corners of a frame in the middle one's pixels, [4, 2]."""
    right, low = frame[0] - 1, frame[1] - 1
    corners = np.array([(0, 0), (right, 0), (right, low), (0, low)], float)
    return moved(np.linalg.inv(lies), corners)


@dataclasses.dataclass(frozen=True)
class MovingScene:
    """A scene as a moving camera sees it; see `background.Scene`.

    Attributes:
      plate: all that is known of it.
      canvas: where frames lie on it.
    """

    plate: Background
    canvas: Canvas
    _last: dict[int, Background] = dataclasses.field(default_factory=dict, init=False, repr=False)

    def knows(self, index: int) -> bool:
        """Whether it is known how the camera stood in a frame."""
        return bool(self.canvas.motion.known[index])

    def at(self, index: int) -> Background:
        """The scene in the pixels of a frame; the last one is kept, as several ask for it."""
        last = self._last.get(index)
        if last is None:
            self._last.clear()
            last = self._last[index] = self._seen(index)
        return last

    def _seen(self, index: int) -> Background:
        lies = self.canvas.lies(index)

        def seen(values: np.ndarray, flags: int, beyond: int = 0) -> np.ndarray:
            return cv2.warpPerspective(
                values, lies, self.canvas.frame, flags=flags, borderMode=cv2.BORDER_CONSTANT,
                borderValue=beyond,
            )  # fmt: skip

        picture = cv2.warpPerspective(
            self.plate.picture, lies, self.canvas.frame, flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        noise = cv2.warpPerspective(
            self.plate.noise, lies, self.canvas.frame, borderMode=cv2.BORDER_REPLICATE
        )
        return Background(
            picture,
            noise,
            seen(self.plate.doubtful, cv2.INTER_NEAREST),
            seen(self.plate.unseen, cv2.INTER_NEAREST, beyond=1),
        )


def misfit(samples: np.ndarray, outside: np.ndarray, plate: Background) -> float:
    """Share of a plate that frames do not agree on: what is near moves otherwise than what is far.

    Args:
      samples: [N, h, w, 3] uint8 as they were laid on the plate.
      outside: where each shows nothing, [N, h, w] uint8.
      plate: what was learned of them.
    """
    off = np.empty(outside.shape, np.uint8)
    for i, (one, mask) in enumerate(zip(samples, outside, strict=True)):
        alike = lit(one, change(plate.picture, one, mask))
        off[i] = largest_channel(cv2.absdiff(alike, plate.picture))
    usual = median(off, outside)
    seen = outside.min(axis=0) == 0
    limit = max(_MISFIT, _NOISY * float(np.median(usual[seen])))
    return float((usual[seen] > limit).mean())
