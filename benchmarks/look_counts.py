"""What `looks.py` measures of pictures and masks: outlines, joints' angles, how sure one is."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from gait_jax.gait import contour
from gait_jax.video.blazepose_landmarks import NAMES, SURE, Landmarks
from gait_jax.video.blazepose_region import Region
from gait_jax.video.person_score import BlazePosePerson

# The angles that tell how somebody walks.
ANGLES = ("left_hip", "right_hip", "left_knee", "right_knee")
# Side of the square that the network of landmarks sees, in heights of the body.
_SQUARE = 1.3
# Pixels within which outlines are the same, and the height from which on that is asked.
_REACH, _TALL = 2.0, 150
# Frames without which two walks are not compared.
_FEWEST = 12


def outline(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask [H, W] bool that touch what is not in it, bool [H, W].

    The picture's border is nobody's outline.
    """
    inside = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    return mask & (inside == 0)


def outlines(masks: Sequence[np.ndarray]) -> np.ndarray:
    """The outlines of people who stand before each other, the last one nearest: bool [H, W].

    Args:
      masks: all of each, whatever hides them, [H, W] bool.
    """
    hidden = np.zeros_like(masks[0])
    found = np.zeros_like(masks[0])
    for mask in reversed(masks):
        found |= outline(mask & ~hidden)
        hidden |= mask
    return found


def near(own: np.ndarray, other: np.ndarray, reach: float) -> float | None:
    """Share of a line's pixels that lie within a distance of another line.

    Args:
      own: [H, W] bool.
      other: likewise.
      reach: pixels.

    Returns:
      0 to 1; None where there is no line.
    """
    if not own.any():
        return None
    if not other.any():
        return 0.0
    apart = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float((apart[own] <= reach).mean())


def compared(original: np.ndarray, body: np.ndarray, lines: np.ndarray) -> dict:
    """A stand-in's body beside the original's.

    Args:
      original: what is seen of them, [H, W] bool, not empty.
      body: the stand-in, likewise.
      lines: the outlines of everybody in the result, [H, W] bool.

    Returns:
      kept: share of the original's outline that lies within 2 pixels of a line, None of who is
      smaller than 150 pixels; tall, turning and length (see `gait.contour`) over the original's.
    """
    old, new = (mask.astype(np.uint8) for mask in (original, body))
    before, after = (cv2.boundingRect(mask)[3] for mask in (old, new))
    return {
        "kept": near(outline(original), lines, _REACH) if before >= _TALL else None,
        "tall": after / before,
        "turning": contour.turning(new) / contour.turning(old),
        "length": contour.length(new) / contour.length(old),
    }


def angles(world: np.ndarray) -> np.ndarray:
    """The angles of hips and knees of a body.

    Args:
      world: landmarks in metres to the right, down and away from the camera, [33, 3].

    Returns:
      Degrees in the order of `ANGLES`, [4]: of the hips by how much the thigh is before (more than
      0) or behind the trunk's line, of the knees by how much they are bent.
    """
    at = dict(zip(NAMES, np.asarray(world, float), strict=True))
    hips, shoulders = (
        (at[f"left_{joint}"] + at[f"right_{joint}"]) / 2 for joint in ("hip", "shoulder")
    )
    up = shoulders - hips
    up /= max(np.linalg.norm(up), 1e-9)
    ahead = np.cross(up, at["right_hip"] - at["left_hip"])
    ahead /= max(np.linalg.norm(ahead), 1e-9)
    found = {}
    for side in ("left", "right"):
        thigh = at[f"{side}_knee"] - at[f"{side}_hip"]
        shank = at[f"{side}_ankle"] - at[f"{side}_knee"]
        found[f"{side}_hip"] = np.arctan2(thigh @ ahead, -thigh @ up)
        found[f"{side}_knee"] = np.arctan2(np.linalg.norm(np.cross(thigh, shank)), thigh @ shank)
    return np.degrees([found[name] for name in ANGLES])


def correlation(one: np.ndarray, other: np.ndarray, lag: int = 0) -> float | None:
    """How alike two walks are.

    Args:
      one: angles over time, [T, A]; NaN where nobody knows.
      other: likewise, [T, A].
      lag: frames by which the other one is later.

    Returns:
      The mean over the angles of their correlation coefficients; None where fewer than twelve
      frames know both.
    """
    length = len(one) - abs(lag)
    a, b = one[max(-lag, 0) :][:length], other[max(lag, 0) :][:length]
    values = []
    for x, y in zip(a.T, b.T, strict=True):
        both = np.isfinite(x) & np.isfinite(y)
        x, y = x[both], y[both]
        if len(x) >= _FEWEST and x.std() > 0 and y.std() > 0:
            values.append(np.corrcoef(x, y)[0, 1])
    return float(np.mean(values)) if values else None


def best_correlation(one: np.ndarray, other: np.ndarray, most: int) -> float | None:
    """The largest `correlation` at any lag of up to so many frames, both ways."""
    values = (correlation(one, other, lag) for lag in range(-most, most + 1))
    return max((value for value in values if value is not None), default=None)


# What `likeness` tells.
LIKENESSES = ("own", "others", "own_lag", "others_lag")


def likeness(
    result: np.ndarray, own: np.ndarray, others: Sequence[np.ndarray], most: int
) -> dict[str, list[float]]:
    """How alike a result's walk is to the original's, and to those of other people.

    Args:
      result: angles over time, [T, A].
      own: the original's, likewise.
      others: other people's.
      most: frames of lag.

    Returns:
      Values by `LIKENESSES`, without what is not known.
    """
    found: dict[str, list[float]] = {name: [] for name in LIKENESSES}
    for name, walk in [("own", own), *(("others", other) for other in others)]:
        for key, value in (
            (name, correlation(walk, result)),
            (f"{name}_lag", best_correlation(walk, result, most)),
        ):
            found[key] += [] if value is None else [value]
    return found


class Look(NamedTuple):
    """What the networks say of somebody.

    Attributes:
      score: the detector's best one of those whose hips lie in the person's bounding box.
      flag: of the network of landmarks.
      angles: see `angles`; NaN where the flag says that it is nobody.
    """

    score: float
    flag: float
    angles: np.ndarray


class Eyes:
    """Both of BlazePose's networks, which look at one place. Not for two threads at once."""

    def __init__(self):
        """Loads them; `InputError` where one of their files is missing."""
        self._detector, self._landmarks = BlazePosePerson(), Landmarks()

    def see(self, picture: np.ndarray, mask: np.ndarray) -> Look:
        """Looks at somebody.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          mask: where they are, [H, W] bool, not empty.
        """
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        square = Region(x + width / 2, y + height / 2, _SQUARE * max(height, width), 0.0)
        pose = self._landmarks(picture, square)
        bent = angles(pose.world) if pose.flag >= SURE else np.full(len(ANGLES), np.nan)
        return Look(self._detector(picture, mask), pose.flag, bent)
