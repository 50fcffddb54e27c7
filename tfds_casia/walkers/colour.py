"""Walkers in colour: cloth and skin, light, shadow and the camera's noise."""

import dataclasses
import functools

import cv2
import numpy as np

from tfds_casia.walkers import camera, raster, recording
from tfds_casia.walkers.body import Figure, Part
from tfds_casia.walkers.scene import Light, Scene

CLOTHING = ("plain", "textural")
PATTERNS = ("stripes", "bars", "checks", "spots", "mottle")

_SHADOW_RADIUS = 0.38  # metres


@dataclasses.dataclass(frozen=True)
class Cloth:
    """What the surface of a part looks like.

    Attributes:
        colours: blue, green, red from 0 to 255, of the ground and of the pattern, [2, 3].
        pattern: one of `PATTERNS`, or "" for none.
        size: of the pattern's elements, metres.
    """

    colours: np.ndarray
    pattern: str
    size: float


def draw_clothes(
    own: np.random.Generator, today: np.random.Generator, sleeves: bool
) -> tuple[str, dict[Part, Cloth]]:
    """Draws how a person looks in one sequence.

    Args:
        own: the person's stream: skin and hair.
        today: the sequence's stream: what clothes are made of.
        sleeves: whether the upper clothes have long sleeves.

    Returns:
        One of `CLOTHING`, and the surface of each part. Shoes, coat and trousers have patterns less
        often than upper clothes; at least these have one if the clothing is textural.
    """
    kind = CLOTHING[today.integers(2)]

    def cloth(chance: float, dark: float) -> Cloth:
        patterned = kind == "textural" and today.random() < chance
        ground = today.uniform(25, 225) * dark * today.uniform(0.5, 1.3, 3)
        other = today.uniform(10, 245, 3)
        pattern = PATTERNS[today.integers(len(PATTERNS))]
        size = today.uniform(0.03, 0.09)
        colours = np.clip([ground, other], 5, 245)
        return Cloth(colours, pattern if patterned else "", size)

    def flat(colour: np.ndarray) -> Cloth:
        return Cloth(np.stack([colour, colour]), "", 1.0)

    tone = own.uniform(0.3, 1.0)
    skin = flat(tone * np.array([150.0, 175.0, 225.0]) * own.uniform(0.95, 1.05, 3))
    hair = flat(own.uniform(15, 120) * np.array([0.6, 0.8, 1.0]) + 8)
    upper, lower, coat, shoes, bag = (
        cloth(chance, dark)
        for chance, dark in ((1.0, 1.0), (0.4, 0.7), (0.7, 0.8), (0.0, 0.5), (0.5, 0.8))
    )
    return kind, {
        Part.FACE: skin,
        Part.HAIR: hair,
        Part.TORSO: upper,
        Part.UPPER_ARM: upper,
        Part.FOREARM: upper if sleeves else skin,
        Part.HAND: skin,
        Part.HIPS: lower,
        Part.THIGH: lower,
        Part.SHANK: lower,
        Part.FOOT: shoes,
        Part.COAT: coat,
        Part.BAG: bag,
    }


def _on_pattern(pattern: str, place: np.ndarray) -> np.ndarray:
    """Whether points [N, 3], in units of the pattern's size, lie on its elements, [N]."""
    if pattern == "stripes":
        return place[:, 1] % 1 < 0.45
    if pattern == "bars":
        return place[:, 2] % 1 < 0.45
    if pattern == "checks":
        return (place[:, 1] % 1 < 0.4) ^ (place[:, 2] % 1 < 0.4)
    if pattern == "spots":
        return np.square((place[:, 1:] % 1) - 0.5).sum(axis=1) < 0.08
    waves = np.sin(place @ [[3.1, 5.3], [4.7, -2.9], [-3.7, 4.1]])
    return waves.sum(axis=1) > 0.3


def _waist(figure: Figure) -> float:
    """Height at rest at which upper clothes meet lower ones, metres; 0 below a coat."""
    torso, hips = (figure.vertices[figure.parts == part, 2] for part in (Part.TORSO, Part.HIPS))
    return (torso.min() + hips.max()) / 2 if len(torso) else 0.0


def _painted(
    moving: recording.Motion,
    sight: recording.Sight,
    clothes: dict[Part, Cloth],
    light: Light,
    seen: np.ndarray,
) -> np.ndarray:
    """Colours of the pixels that show the person, float [N, 3], in the order of `seen`'s pixels."""
    figure = moving.figure
    frame, row, column = np.nonzero(seen >= 0)
    # One coordinate of one corner at a time: whole rows are read much faster.
    corners = figure.faces[seen[frame, row, column]].T
    places = frame * sight.points.shape[1] + corners
    half = raster.SUBPIXELS // 2
    right = (sight.window.left[frame] + column) * raster.SUBPIXELS + half
    down = (sight.window.top[frame] + row) * raster.SUBPIXELS + half
    x = sight.points[..., 0].ravel().take(places) - right
    y = sight.points[..., 1].ravel().take(places) - down
    areas = np.stack(
        [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
    )
    shares = areas / areas.sum(axis=0)
    brightness = (light.on(moving.normals).ravel().take(places) * shares).sum(axis=0)
    nearest = np.choose(shares.argmax(axis=0), corners)
    part = figure.parts[nearest]
    place = np.stack(
        [(axis.take(corners) * shares).sum(axis=0) for axis in figure.vertices.T], axis=1
    )
    # A straight hem, whatever the faces there.
    waist = _waist(figure)
    trunk = (part == Part.TORSO) | (part == Part.HIPS)
    part = np.where(trunk, np.where(place[:, 2] > waist, Part.TORSO, Part.HIPS), part)
    plain = np.zeros((len(Part), 3))
    for kind, cloth in clothes.items():
        plain[kind] = cloth.colours[0]
    colour = plain[part]
    for kind, cloth in clothes.items():
        if cloth.pattern:
            mine = np.nonzero(part == kind)[0]
            on = _on_pattern(cloth.pattern, place[mine] / cloth.size).astype(int)
            colour[mine] = cloth.colours[on]
    return colour * brightness[:, None]


@functools.lru_cache(maxsize=len(camera.VIEWS))
def _floor(view: int) -> np.ndarray:
    """Where each pixel's ray meets the floor, metres, [H, W, 2]; far away above the horizon."""
    here = camera.Camera.at(view)
    rays = here.rays()
    down = np.minimum(rays[..., 2:], -1e-6)
    return here.position[:2] - here.position[2] / down * rays[..., :2]


def _cast_shadow(picture: np.ndarray, pelvis: np.ndarray, rows: slice, columns: slice, view: int):
    """Darkens the floor below a walker, in place, where the rows and columns show it."""
    ground = _floor(view)[rows, columns]
    near = np.square((ground - pelvis[:2]) / _SHADOW_RADIUS).sum(axis=-1, keepdims=True)
    light = 1 - 0.45 * np.exp(-near)
    picture[rows, columns] = np.round(picture[rows, columns] * light).astype(np.uint8)


def film(
    moving: recording.Motion,
    sight: recording.Sight,
    clothes: dict[Part, Cloth],
    scene: Scene,
    rng: np.random.Generator,
    view: int,
) -> list[np.ndarray]:
    """Films a walk in colour.

    Args:
        moving: the walk.
        sight: the walk as the camera sees it.
        clothes: the surface of each part.
        scene: the room.
        rng: the camera's stream.
        view: the camera's angle in degrees.

    Returns:
        T pictures, uint8 blue, green, red [H, W, 3].
    """
    window = sight.window
    seen = raster.nearest_faces(sight.points, sight.depths, moving.figure.faces, window)
    person = np.zeros((*seen.shape, 3), np.float32)
    person[seen >= 0] = _painted(moving, sight, clothes, scene.light, seen)
    shape = camera.HEIGHT, camera.WIDTH
    # One large background of noise, of which each frame gets another piece.
    spare = 64
    noise = rng.normal(0, scene.noise, (shape[0] + spare, shape[1] + spare, 3))
    noise = np.round(noise).astype(np.int16)
    pieces = rng.integers(0, spare + 1, (len(seen), 2))
    pictures = []
    for index, (up, left) in enumerate(pieces):
        top, first = window.top[index], window.left[index]
        rows = slice(max(top, 0), min(top + window.height, shape[0]))
        columns = slice(max(first, 0), min(first + window.width, shape[1]))
        own = (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - first, columns.stop - first),
        )
        picture = scene.background.copy()
        around = slice(max(columns.start - 25, 0), columns.stop + 25)
        feet = top + int(np.nonzero(sight.masks[index])[0].max())
        below = slice(max(feet - 30, 0), feet + 15)
        _cast_shadow(picture, moving.pelvis[index], below, around, view)
        mask = (sight.masks[index] // 255)[own].astype(np.float32)
        # Pixels at the outline show some of what is behind them.
        alpha = (mask * (0.4 + 0.6 * cv2.blur(mask, (3, 3))))[..., None]
        behind = picture[rows, columns]
        mixed = behind + alpha * (person[index][own] - behind)
        picture[rows, columns] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
        piece = noise[up : up + shape[0], left : left + shape[1]]
        pictures.append(cv2.add(picture, piece, dtype=cv2.CV_8U))
    return pictures
