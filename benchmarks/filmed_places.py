"""Where `situations.py` films: ground, a wall with windows, and things that stand before it.

Axes: x to the right, y away from the camera, z up; metres. The wall stands at `WALL`. Colours are
blue, green, red from 0 to 255.
"""

import dataclasses

import cv2
import numpy as np

from tfds_casia.walkers import camera
from tfds_casia.walkers.scene import smooth_noise

# Metres: how far from the origin the camera stands, where it looks, how far the wall is.
DISTANCE, AIM, WALL = 7.0, 0.88, 4.0
# Degrees by which the camera looks down.
_DOWN = 8.0
# Metres of somebody of whom a situation says how many pixels tall they are.
_STATURE = 1.75
# Pixels of a sprite to a metre, and metres of the ground's texture, which repeats.
_FINE, _TEXTURE = 150, 8.0
_GRASS, _PAVED = (52, 92, 78), (128, 132, 136)


@dataclasses.dataclass(frozen=True)
class View:
    """A camera before the origin.

    Attributes:
      size: width and height, pixels.
      focal: pixels.
      low: pixels by which the picture is moved up, so that more is seen of the ground, or, where
        negative, down.
    """

    size: tuple[int, int]
    focal: float
    low: float = 0.0

    @classmethod
    def of(cls, size: tuple[int, int], tall: float, low: float = 0.0) -> "View":
        """The camera to which somebody at the origin is so many pixels tall."""
        return cls(size, tall * DISTANCE / _STATURE, low)

    def _placed(self) -> tuple[np.ndarray, np.ndarray]:
        position, axes = camera.around(np.array([-90.0]), np.array([_DOWN]), DISTANCE, AIM)
        return position[0], axes[0]

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Projects points [..., 3], metres: (x, y) pixels [..., 2], distances [...], metres."""
        position, axes = self._placed()
        seen = (points - position) @ axes.T
        middle = np.array([self.size[0] / 2, self.size[1] / 2 - self.low])
        return self.focal * seen[..., :2] / seen[..., 2:] + middle, seen[..., 2]

    def places(self, margin: int) -> tuple[np.ndarray, np.ndarray]:
        """What the pixels of the picture, and of a margin around it, show of ground and wall.

        Returns:
          (point in metres [H, W, 3]; whether it is on the ground [H, W]).
        """
        position, axes = self._placed()
        width, height = self.size
        row, column = np.mgrid[-margin : height + margin, -margin : width + margin] + 0.5
        x = (column - width / 2) / self.focal
        y = (row - height / 2 + self.low) / self.focal
        rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ axes
        to_ground = -position[2] / np.minimum(rays[..., 2], -1e-6)
        to_wall = (WALL - position[1]) / rays[..., 1]
        on_ground = to_ground < to_wall
        return position + np.minimum(to_ground, to_wall)[..., None] * rays, on_ground


def draw(rng: np.random.Generator, view: View, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws a place without anybody.

    Args:
      rng: what it looks like.
      view: the camera.
      margin: pixels around the picture that a moving camera may show.

    Returns:
      ([H + 2 margin, W + 2 margin, 3] float32; the wall's colour [3]).
    """
    where, on_ground = view.places(margin)
    ground = _ground(rng, where)
    wall, colour = _wall(rng, where)
    picture = np.where(on_ground[..., None], ground, wall)
    # Soft light: brighter on one side, darker where wall and ground meet.
    side = 1 + 0.12 * np.tanh(where[..., :1] / 3) * rng.choice([-1, 1])
    corner = np.where(on_ground, WALL - where[..., 1], where[..., 2])
    picture = picture * side * (1 - 0.3 * np.exp(-np.abs(corner) / 0.25))[..., None]
    picture = cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.float32), (0, 0), 0.7)
    return picture, colour


def _textured(rng: np.random.Generator, where: np.ndarray, cells: tuple[int, ...]) -> np.ndarray:
    """Noise that lies still on a surface, around 0: at places [H, W, 2], metres, [H, W].

    It repeats mirrored, without a seam.
    """
    side = 512
    grain = sum(smooth_noise(rng, (side, side), cell) for cell in cells) / len(cells) ** 0.5
    at = ((side - 1) * np.abs(where / _TEXTURE % 2 - 1)).astype(np.float32)
    return cv2.remap(grain.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR)


def _ground(rng: np.random.Generator, where: np.ndarray) -> np.ndarray:
    flat = where[..., :2]
    if rng.random() < 0.5:
        return np.array(_GRASS) * (1 + 0.22 * _textured(rng, flat, (2, 5, 40)))[..., None]
    slab = rng.uniform(0.4, 0.7)
    shade = rng.normal(0, 0.04, (32, 32))
    cell = np.floor(flat / slab).astype(int) % 32
    joint = (flat / slab % 1 < 0.05).any(axis=-1)
    light = 1 + shade[cell[..., 0], cell[..., 1]] - 0.2 * joint
    light += 0.08 * _textured(rng, flat, (2, 24))
    return np.array(_PAVED) * rng.uniform(0.8, 1.15) * light[..., None]


def _wall(rng: np.random.Generator, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    colour = rng.uniform(110, 190) * rng.uniform(0.88, 1.12, 3)
    aside, high = where[..., 0], where[..., 2]
    light = 1 + 0.06 * _textured(rng, where[..., [0, 2]], (3, 60))
    if rng.random() < 0.5:
        # Bricks.
        colour = np.array([78, 100, 150]) * rng.uniform(0.8, 1.2)
        row = np.floor(high / 0.09).astype(int)
        along = aside / 0.26 + 0.5 * (row % 2)
        shade = rng.normal(0, 0.08, (64, 64))
        light += shade[row % 64, np.floor(along).astype(int) % 64]
        light += 0.25 * ((high / 0.09 % 1 < 0.12) | (along % 1 < 0.05))
    wall = colour * light[..., None]
    wall[high < 0.15] *= 0.7
    for middle in np.arange(-8, 9, rng.uniform(2.0, 2.8)) + rng.uniform(-0.5, 0.5):
        width, bottom, top = 0.45, 1.05, 2.3
        if rng.random() < 0.25:
            width, bottom, top = 0.5, 0.0, 2.1  # a door
        near, rise = np.abs(aside - middle), (high > bottom - 0.07) & (high < top + 0.07)
        wall[rise & (near < width + 0.07)] = 205
        inside = (near < width) & (high > bottom) & (high < top)
        glass = (
            rng.uniform(40, 80) * np.array([1.2, 1.0, 0.9]) + 30 * ((aside + high) % 1)[..., None]
        )
        plain = rng.uniform(40, 130, 3)
        wall = np.where(inside[..., None], glass if bottom else plain, wall)
        wall[inside & (near < 0.025) & (bottom > 0)] = 205
        # A lamp beside it.
        lamp = np.hypot(aside - middle - 1.0, high - 2.35)
        wall = wall + 60 * np.exp(-np.square(lamp / 0.35))[..., None]
    return wall, colour


@dataclasses.dataclass(frozen=True)
class Sprite:
    """Something flat that faces the camera.

    Attributes:
      pictures: what it looks like, [h, w, 4] float32 each: blue, green, red and how much it covers,
        0 to 1; `_FINE` pixels a metre.
      feet: where the middle of its lower edge is, metres, [T, 3].
      sway: metres to the side for each metre of height, [T].
      every: frames after which the next picture is shown.
    """

    pictures: list[np.ndarray]
    feet: np.ndarray
    sway: np.ndarray
    every: int = 5

    def seen(self, view: View, frame: int, shift: np.ndarray) -> tuple[np.ndarray, float]:
        """(the sprite in the picture [H, W, 4], its distance in metres); shift: pixels (x, y)."""
        picture = self.pictures[frame // self.every % len(self.pictures)]
        height, width = picture.shape[:2]
        (x, y), depth = view.project(self.feet[frame])
        scale = view.focal / depth / _FINE
        lean = -self.sway[frame] * scale
        right = x + shift[0] - scale * width / 2 - lean * height
        place = np.array([[scale, lean, right], [0, scale, y + shift[1] - scale * height]])
        return cv2.warpAffine(picture, place, view.size, flags=cv2.INTER_AREA), float(depth)


def _blank(width: float, height: float) -> np.ndarray:
    return np.zeros((round(height * _FINE), round(width * _FINE), 4), np.float32)


def pole(frames: int) -> Sprite:
    """A lamp post before the walk."""
    picture = _blank(0.16, 3.2)
    round_ = 0.6 + 0.4 * np.sin(np.linspace(0.3, 2.6, picture.shape[1]))
    picture[..., :3] = 95 * round_[:, None]
    picture[..., 3] = 1
    return Sprite([picture], np.tile([0.1, -1.0, 0.0], (frames, 1)), np.zeros(frames))


def tree(rng: np.random.Generator, frames: int, rate: float) -> Sprite:
    """A tree that sways in the wind, behind the walk."""
    picture = _blank(2.4, 3.2)
    height, width = picture.shape[:2]
    cv2.line(picture, (width // 2, height), (width // 2, height // 3), (35, 55, 75, 1), 22)
    for x, y in zip(rng.normal(0.5, 0.17, 900), rng.normal(0.3, 0.11, 900), strict=True):
        tone = rng.uniform(0.5, 1.3)
        centre = (int(x * width), int(y * height))
        axes, leaf = (int(rng.uniform(5, 12)), int(rng.uniform(3, 7))), rng.uniform(0, 180)
        cv2.ellipse(picture, centre, axes, leaf, 0, 360, (40 * tone, 95 * tone, 65 * tone, 1), -1)
    times = np.arange(frames) / rate
    sway = 0.05 * np.sin(2 * np.pi * 0.5 * times) + 0.02 * np.sin(2 * np.pi * 1.3 * times)
    return Sprite([picture], np.tile([1.3, 2.0, 0.0], (frames, 1)), sway)


def screen(rng: np.random.Generator, frames: int) -> Sprite:
    """A screen on the wall that shows something else every fifth of a second."""
    shown = []
    for _ in range(frames // 5 + 1):
        picture = _blank(1.4, 0.8)
        picture[..., :3] = np.abs(60 + 90 * smooth_noise(rng, (*picture.shape[:2], 3), 25))
        picture[..., :3] = np.minimum(picture[..., :3], 250)
        picture[..., 3] = 1
        shown.append(picture)
    feet = np.tile([0.9, WALL - 0.05, 1.1], (frames, 1))
    return Sprite(shown, feet, np.zeros(frames))


def bag(hand: np.ndarray) -> Sprite:
    """A bag that hangs from a hand, metres [T, 3]."""
    picture = _blank(0.34, 0.42)
    picture[22:, :] = (40, 45, 150, 1)
    cv2.ellipse(picture, (25, 24), (14, 20), 0, 180, 360, (30, 30, 60, 1), 3)
    return Sprite([picture], hand - [0, 0, 0.42], np.zeros(len(hand)))


def pram(way: np.ndarray, heading: np.ndarray) -> Sprite:
    """A pram before somebody who walks along a way [T, 3] with a heading in degrees, [T]."""
    picture = _blank(1.0, 1.05)
    height, width = picture.shape[:2]
    dark, cloth = (35, 35, 35, 1), (120, 60, 40, 1)
    cv2.ellipse(picture, (width // 2, 75), (55, 45), 0, 0, 180, cloth, -1)
    cv2.ellipse(picture, (width // 2 + 10, 75), (50, 55), 0, 250, 360, (90, 40, 25, 1), -1)
    cv2.line(picture, (width // 2 - 50, 75), (4, 12), dark, 4)
    for x in (width // 2 - 40, width // 2 + 40):
        cv2.line(picture, (width // 2, 110), (x, height - 20), dark, 4)
        cv2.circle(picture, (x, height - 20), 18, dark, 4)
    angle = np.radians(heading)
    ahead = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1)
    if np.cos(angle[0]) < 0:
        picture = np.ascontiguousarray(picture[:, ::-1])
    return Sprite([picture], way + 0.75 * ahead, np.zeros(len(way)))
