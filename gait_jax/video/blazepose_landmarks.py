"""Looks at one person: BlazePose's landmarks, mask, and where to look in the next frame."""

import dataclasses

import numpy as np

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
# Logits beyond are no surer.
_SUREST = 50.0


@dataclasses.dataclass(frozen=True)
class Pose:
    """A person as the network sees them.

    Attributes:
      flag: how sure it is that the region shows a person, 0 to 1. Below 0.5 the rest means nothing.
      landmarks: (x, y) in pixels of the picture, whose first one's middle is (0.5, 0.5), and z on
        the same scale: less than 0 in front of the hips; float32 [33, 3] in the order of `NAMES`.
      visibility: that each is in the picture and nothing is before it, 0 to 1, [33].
      presence: that each is in the picture, 0 to 1, [33].
      world: metres to the right, downwards and away from the camera, from between the hips, [33, 3].
      mask: that a pixel shows the person, 0 to 1, float32 [h, w]; 0 wherever it does not reach.
      corner: of the mask in the picture, (left, top).
      following: the region to look at in the next frame, which takes the detector's place as long as
        `flag` stays high.
    """

    flag: float
    landmarks: np.ndarray
    visibility: np.ndarray
    presence: np.ndarray
    world: np.ndarray
    mask: np.ndarray
    corner: tuple[int, int]
    following: Region


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
        raw, flag, mask, _, world = self._network(given)
        return read(raw, float(flag[0]), mask[..., 0], world, region, picture.shape)


def read(
    raw: np.ndarray,
    flag: float,
    mask: np.ndarray,
    world: np.ndarray,
    region: Region,
    shape: tuple[int, ...],
) -> Pose:
    """What the network's outputs say of a picture.

    Args:
      raw: 39 times x, y and z in the network's pixels, and logits of visibility and presence;
        after the body's 33 the middle and the edge of the person's circle, [195].
      flag: from 0 to 1.
      mask: logits, [256, 256].
      world: 39 times x, y and z in metres, to the right and down of the region, [117].
      region: that was looked at.
      shape: of the picture, [H, W, ...].
    """
    found = raw.reshape(39, 5)
    places = region.to_picture(found[:, :2] / SIDE)
    depths = found[:, 2:3] / SIDE * region.size
    body = slice(len(NAMES))
    metres = world.reshape(39, 3)[body].copy()
    metres[:, :2] = metres[:, :2] @ region.turn.T
    rows, columns = region.window(shape)
    centre, edge = places[33:35]
    return Pose(
        flag=flag,
        landmarks=np.concatenate([places, depths], axis=1)[body].astype(np.float32),
        visibility=_sigmoid(found[body, 3]),
        presence=_sigmoid(found[body, 4]),
        world=metres.astype(np.float32),
        mask=region.paste(_sigmoid(mask), shape),
        corner=(columns.start, rows.start),
        following=Region.around(centre, edge),
    )


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -_SUREST, _SUREST)))
