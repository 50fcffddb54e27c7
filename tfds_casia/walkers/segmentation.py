"""Silhouettes as imperfect segmentation gives them: holes, lost limbs, ragged edges, ghosts."""

import dataclasses

import numpy as np

from tfds_casia.walkers import raster, recording
from tfds_casia.walkers.body import Figure, Part, model
from tfds_casia.walkers.scene import smooth_noise

# What may be missing as a whole, by the bones that move it.
_LIMBS = (
    ("forearm_left", "hand_left"),
    ("forearm_right", "hand_right"),
    ("shank_left", "foot_left", "toes_left"),
    ("shank_right", "foot_right", "toes_right"),
    ("foot_left", "toes_left"),
    ("foot_right", "toes_right"),
    ("head",),
)


def _spells(rng: np.random.Generator, frames: int, count: int) -> np.ndarray:
    """Marks some runs of 3 to 15 frames, bool [frames]."""
    marked = np.zeros(frames, bool)
    for _ in range(count):
        start = rng.integers(0, frames)
        marked[start : start + rng.integers(3, 16)] = True
    return marked


def _without_limbs(
    figure: Figure, sight: recording.Sight, rng: np.random.Generator, severity: float
) -> np.ndarray:
    """The silhouettes, uint8 [T, h, w], with limbs missing now and then."""
    masks = sight.masks.copy()
    bone = np.array(model().bones)[figure.weights.argmax(axis=1)]
    for index in rng.choice(len(_LIMBS), 2, replace=False):
        gone = _spells(rng, len(masks), rng.poisson(2.5 * severity))
        if not gone.any():
            continue
        lost = np.isin(bone, _LIMBS[index]) & (figure.parts != Part.BAG)
        faces = figure.faces[~lost[figure.faces].any(axis=1)]
        masks[gone] = raster.silhouettes(
            sight.points[gone],
            raster.Topology.of(faces),
            dataclasses.replace(
                sight.window, top=sight.window.top[gone], left=sight.window.left[gone]
            ),
        )
    return masks


def degrade(
    figure: Figure, sight: recording.Sight, rng: np.random.Generator
) -> tuple[np.ndarray, raster.Window]:
    """Damages the silhouettes of a sequence.

    How badly differs from sequence to sequence; most damage stays for some frames, as it does where
    clothes and background are alike.

    Args:
        figure: who walks.
        sight: the walk as the camera sees it, a person of 100 to 200 pixels.
        rng: the stream of this sequence's segmentation.

    Returns:
        uint8 [T, h, w], 0 or 255, and the window they fill, larger than that of the sight.
    """
    severity = rng.uniform(0.15, 1.0)
    limbless = _without_limbs(figure, sight, rng, severity)
    margin = 10
    inside = np.pad(limbless > 0, ((0, 0), (margin, margin), (margin, margin)))
    window = raster.Window(sight.window.top - margin, sight.window.left - margin, *inside.shape[1:])
    frames, height, width = inside.shape
    # Patches that clothes and background have in common, wandering over the body as it moves on.
    patches = smooth_noise(rng, (height, width + 2 * frames), 16)
    edges = smooth_noise(rng, (height + 40, width + 40), 4)
    row, column = np.mgrid[:height, :width]
    rim = np.minimum.reduce([row, column, height - 1 - row, width - 1 - column])
    # Fewer at the rim, so that no ghost ends with the window.
    ghosts = smooth_noise(rng, (height, width), 16) - 2 * np.maximum(1 - rim / 12, 0)
    level = 1.5 - 0.5 * severity
    # The shadow at the feet is taken for a part of the person.
    shadow = rng.random() < 0.4 * severity
    haunted = _spells(rng, frames, rng.poisson(2 * severity))
    damaged = np.empty_like(inside)
    for index, mask in enumerate(inside):
        soft = _box_mean(mask.astype(np.float32), 2)
        up, left = rng.integers(0, 40, 2)
        ragged = soft + 0.3 * severity * edges[up : up + height, left : left + width] > 0.5
        # Only the outline frays, by two pixels at most.
        ragged = np.where((soft > 0.1) & (soft < 0.9), ragged, mask)
        ragged &= patches[:, 2 * index : 2 * index + width] < level
        if haunted[index]:
            ragged |= (ghosts > 0.9) & ~mask
        if shadow and mask.any():
            middle, feet = np.nonzero(mask.any(axis=0))[0].mean(), np.nonzero(mask)[0].max()
            ragged |= np.square((column - middle) / 20) + np.square((row - feet) / 3) < 1
        damaged[index] = ragged
    return damaged.view(np.uint8) * np.uint8(255), window


def _box_mean(picture: np.ndarray, reach: int) -> np.ndarray:
    """Means over squares of side 2 * reach + 1, [H, W]."""
    side = 2 * reach + 1
    # Along columns, then, turned over, along rows.
    for _ in range(2):
        total = np.zeros((len(picture) + side, picture.shape[1]), picture.dtype)
        total[reach + 1 : -reach] = picture
        np.cumsum(total, axis=0, out=total)
        picture = ((total[side:] - total[:-side]) / side).T
    return picture
