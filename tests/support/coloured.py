"""A frame of a walker in colour, with what is true of it."""

import dataclasses

import numpy as np

from tfds_casia.walkers import body, camera, colour, generation, raster, recording
from tfds_casia.walkers.recording import WalkName

# Vertices around a joint whose middle is taken for it.
_RING = 24


@dataclasses.dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
      picture: [240, 320, 3] uint8 (blue, green, red).
      mask: [240, 320] bool, where the person is.
      joints: (x, y) in pixels by the name of the bone that begins there.
    """

    picture: np.ndarray
    mask: np.ndarray
    joints: dict[str, np.ndarray]


def frame(subject: int, view: int, index: int) -> Frame:
    """Films one frame of a subject's first walk."""
    name = WalkName(subject, "nm", 1)
    moving = recording.move(0, name)
    one = slice(index, index + 1)
    moving = dataclasses.replace(
        moving, vertices=moving.vertices[one], pelvis=moving.pelvis[one], phase=moving.phase[one]
    )
    room = generation.scene_of(0, subject, view)
    sight = recording.see(moving, view)
    _, clothes = generation.clothes_of(0, name)
    (picture,) = colour.film(moving, sight, clothes, room, np.random.default_rng(0), view)
    (mask,) = sight.window.paste(sight.masks, (camera.HEIGHT, camera.WIDTH))
    return Frame(picture, mask > 0, _joints(moving, view))


def _joints(moving: recording.Motion, view: int) -> dict[str, np.ndarray]:
    joints = {}
    for bone, rest in zip(body.model().bones, moving.figure.joints, strict=True):
        apart = np.linalg.norm(moving.figure.vertices - rest, axis=1)
        place = moving.vertices[0, np.argsort(apart)[:_RING]].mean(axis=0)
        (pixel,), _ = camera.Camera.at(view).project(place[None])
        joints[bone] = pixel / raster.SUBPIXELS
    return joints
