"""The same walk in the same clothes on another body: what no camera could film of a real person."""

import dataclasses

import numpy as np

from tfds_casia.walkers import body, camera, colour, generation, raster, recording
from tfds_casia.walkers.recording import WalkName


def _as_tall(naked: body.Figure, as_: body.Figure) -> body.Figure:
    """A body, enlarged or reduced to the height of another."""
    scale = np.ptp(as_.vertices[:, 2]) / np.ptp(naked.vertices[:, 2])
    return dataclasses.replace(naked, vertices=scale * naked.vertices, joints=scale * naked.joints)


def move(seed: int, name: WalkName, body_of: int) -> tuple[recording.Motion, np.ndarray]:
    """Walks somebody else's body through a person's walk, at the same place at the same time.

    Args:
        seed: of the data set.
        name: which walk.
        body_of: the subject whose body it is, brought to the height of the walk's own.

    Returns:
        The walk, and which frames of the recorded one it has, [T] rising indices.
    """
    own, other = (recording.person(seed, subject).naked for subject in (name.subject, body_of))
    moving = recording.move(seed, name)
    twin = recording.move(seed, name, _as_tall(other, own))
    # Longer legs make longer steps, and frames are kept while the person is near: the same moments
    # are those of the same phase.
    _, frames, found = np.intersect1d(moving.phase, twin.phase, return_indices=True)
    shift = moving.pelvis[frames] - twin.pelvis[found]
    # Both stand on the floor.
    shift[:, 2] = 0
    return dataclasses.replace(
        twin,
        vertices=twin.vertices[found] + shift[:, None],
        pelvis=twin.pelvis[found] + shift,
        joints=twin.joints[found] + shift[:, None],
        phase=twin.phase[found],
    ), frames


def film(
    seed: int, name: WalkName, view: int, body_of: int
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    """Films a twin, without the camera's noise.

    Args:
        seed: of the data set.
        name: which walk.
        view: angle of the camera in degrees.
        body_of: see `move`.

    Returns:
        (indices of the recorded frames that it has [T], exact silhouettes [T, H, W] uint8 of 0 and
        255, T pictures, uint8 blue, green, red [H, W, 3], and where the bones begin, (x, y) pixels
        and metres from the camera [T, B, 3]).
    """
    moving, frames = move(seed, name, body_of)
    sight = recording.see(moving, view)
    room = dataclasses.replace(generation.scene_of(seed, name.subject, view), noise=0.0)
    _, clothes = generation.clothes_of(seed, name)
    rng = recording.stream("camera", seed, *name.numbers, view)
    pictures = colour.film(moving, sight, clothes, room, rng, view)
    masks = sight.window.paste(sight.masks, (camera.HEIGHT, camera.WIDTH))
    places, away = camera.Camera.at(view).project(moving.joints)
    joints = np.concatenate([places / raster.SUBPIXELS, away[..., None]], axis=-1)
    return frames, masks, pictures, joints
