"""Looks at one person: BlazePose's landmarks, mask, and where to look in the next frame."""

import dataclasses
import functools
from typing import NamedTuple

import numpy as np

from gait_jax.gait.limbs import JOINTS, Limbs
from gait_jax.video import blazepose_files
from gait_jax.video.blazepose_network import Network
from gait_jax.video.blazepose_region import Region

# Rows and columns of what the network sees.
SIDE = 256
# The landmarks, in the network's order: left and right are the person's own.
NAMES = (
    "nose",
    "left_eye_inner", "left_eye", "left_eye_outer",
    "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear",
    "mouth_left", "mouth_right",
    "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow",
    "left_wrist", "right_wrist",
    "left_pinky", "right_pinky",
    "left_index", "right_index",
    "left_thumb", "right_thumb",
    "left_hip", "right_hip",
    "left_knee", "right_knee",
    "left_ankle", "right_ankle",
    "left_heel", "right_heel",
    "left_foot_index", "right_foot_index",
)  # fmt: skip
# From this probability on a pixel shows somebody, and from this flag on a region does.
INSIDE, SURE = 0.5, 0.5
# Logits beyond are no surer.
_SUREST = 50.0
# Of the map that says where landmarks are: cells to either side that are looked at, and how likely
# the best of them must be. With it, joints of walkers are found a tenth more exactly.
_REACH, _LIKELY = 3, 0.5


@dataclasses.dataclass(frozen=True)
class Pose:
    """A person as the network sees them.

    Attributes:
      flag: how sure it is that the region shows a person, 0 to 1. Below 0.5 the rest means nothing.
      landmarks: (x, y) in pixels of the picture, whose first one's middle is (0.5, 0.5), and z on
        the same scale, less than 0 where nearer to the camera than the hips; float32 [33, 3] in the
        order of `NAMES`.
      visibility: that each is in the picture and nothing is before it, 0 to 1, [33].
      presence: that each is in the picture, 0 to 1, [33].
      world: metres to the right, down and away from the camera, from between the hips, [33, 3].
      mask: that a pixel shows the person, 0 to 1, float32 [h, w]; 0 wherever it does not reach.
      corner: of the mask in the picture, (left, top).
      following: the region to look at in the next frame, in place of one that a detection gives, as
        long as `flag` stays high.
    """

    flag: float
    landmarks: np.ndarray
    visibility: np.ndarray
    presence: np.ndarray
    world: np.ndarray
    mask: np.ndarray
    corner: tuple[int, int]
    following: Region

    @functools.cached_property
    def silhouette(self) -> np.ndarray:
        """Which pixels of its mask show somebody: [h, w] uint8 of 0 and 1."""
        return (self.mask >= INSIDE).astype(np.uint8)

    @functools.cached_property
    def limbs(self) -> Limbs:
        """Where the joints are."""
        return Limbs(self.landmarks[_JOINTS].mean(axis=1))


# The landmarks in whose middle each joint is.
_JOINTS = [
    [NAMES.index(name) for name in {"head": ("left_ear", "right_ear")}.get(joint, (joint,) * 2)]
    for joint in (name.replace("toe", "foot_index") for name in JOINTS)
]


class Landmarks:
    """The network of landmarks and mask. Not for two threads at once."""

    def __init__(self, threads: int = 1):
        """Loads it.

        Args:
          threads: how many it may compute with.

        Raises:
          InputError: its file is missing or damaged.
        """
        self._network = Network(blazepose_files.LANDMARKS, threads)

    def __call__(self, picture: np.ndarray, region: Region) -> Pose:
        """Looks at a person.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          region: a detection's, or what the person's pose in the frame before says.
        """
        given = region.cut(picture, SIDE)[..., ::-1].astype(np.float32) / 255
        outputs = Outputs(*self._network(given))
        return read(outputs, region, picture.shape)


class Outputs(NamedTuple):
    """What the network gives.

    Attributes:
      landmarks: 39 times x, y and z in its pixels, and logits of visibility and presence: the
        body's 33, the middle and the edge of the person's circle, and four more, [195].
      flag: 0 to 1, [1].
      mask: logits, [256, 256, 1].
      heat: logits that a landmark is there, on every fourth pixel, [64, 64, 39].
      world: 39 times x, y and z in metres, to the right and down as the region is turned, [117].
    """

    landmarks: np.ndarray
    flag: np.ndarray
    mask: np.ndarray
    heat: np.ndarray
    world: np.ndarray


def read(outputs: Outputs, region: Region, shape: tuple[int, ...]) -> Pose:
    """What the network's outputs say of a picture.

    Args:
      outputs: for the region.
      region: that was looked at.
      shape: of the picture, [H, W, ...].
    """
    found = outputs.landmarks.reshape(39, 5)
    places = region.to_picture(refine(found[:, :2], outputs.heat) / SIDE)
    depths = found[:, 2:3] / SIDE * region.size
    body = slice(len(NAMES))
    metres = outputs.world.reshape(39, 3)[body].copy()
    metres[:, :2] = metres[:, :2] @ region.turn.T
    rows, columns = region.window(shape)
    centre, edge = places[33:35]
    return Pose(
        flag=float(outputs.flag[0]),
        landmarks=np.concatenate([places, depths], axis=1)[body].astype(np.float32),
        visibility=_sigmoid(found[body, 3]),
        presence=_sigmoid(found[body, 4]),
        world=metres.astype(np.float32),
        mask=region.paste(_sigmoid(outputs.mask[..., 0]), shape),
        corner=(columns.start, rows.start),
        following=Region.around(centre, edge),
    )


def refine(points: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Moves landmarks to where they are most probable nearby.

    Args:
      points: (x, y) in the network's pixels, [K, 2].
      heat: logits, [h, w, K].

    Returns:
      The mean of the places around each, weighted by their probabilities, [K, 2]; the point itself
      where none of them is probable.
    """
    height, width, count = heat.shape
    scale = SIDE / width
    cells = np.floor(points / scale).astype(int)
    near = np.arange(-_REACH, _REACH + 1)
    columns, rows = (cells[:, axis, None] + near for axis in (0, 1))
    in_rows, in_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    logits = heat[
        np.clip(rows, 0, height - 1)[:, :, None],
        np.clip(columns, 0, width - 1)[:, None],
        np.arange(count)[:, None, None],
    ]
    weights = _sigmoid(logits) * in_rows[:, :, None] * in_columns[:, None]
    known = weights.max(axis=(1, 2)) >= _LIKELY
    total = np.where(known, weights.sum(axis=(1, 2)), 1.0)
    x = (weights * columns[:, None]).sum(axis=(1, 2)) / total
    y = (weights * rows[:, :, None]).sum(axis=(1, 2)) / total
    return np.where(known[:, None], scale * np.stack([x, y], axis=1), points)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -_SUREST, _SUREST)))
