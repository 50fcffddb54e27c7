"""Where walkers are filmed: a room of its own for each subject and view, and its light."""

import dataclasses

import numpy as np

from tfds_casia.walkers import camera

_WALL_DISTANCE = 4.0  # metres behind the middle of the walk


@dataclasses.dataclass(frozen=True)
class Light:
    """A room's light.

    Attributes:
        direction: to the light, a unit vector in the world's axes, [3].
        ambient: share of the light that comes from everywhere.
    """

    direction: np.ndarray
    ambient: float

    def on(self, normals: np.ndarray) -> np.ndarray:
        """Brightness of surfaces by their normals [..., 3]; about 1 in full light, [...]."""
        return self.ambient + (1.25 - self.ambient) * np.maximum(normals @ self.direction, 0)


@dataclasses.dataclass(frozen=True)
class Scene:
    """A room as one camera sees it.

    Attributes:
        background: the room without anybody, uint8 blue, green, red [H, W, 3].
        light: what falls on the person.
        noise: standard deviation of the camera's noise, in grey levels.
    """

    background: np.ndarray
    light: Light
    noise: float


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], cell: int) -> np.ndarray:
    """Draws a picture of soft random patches.

    Args:
        rng: what to draw from.
        shape: rows and columns, then any further axes, which share nothing.
        cell: the patches' size in pixels.

    Returns:
        Values around 0, of standard deviation below 1, float [*shape].
    """
    height, width = shape[:2]
    grid = rng.normal(size=(height // cell + 2, width // cell + 2, *shape[2:]))
    for axis, length in enumerate((height, width)):
        place = np.arange(length) / cell
        start = place.astype(int)
        share = (place - start).reshape(-1, *[1] * (grid.ndim - 1))
        # A smooth step instead of a straight line hides the grid.
        share = share * share * (3 - 2 * share)
        moved = np.moveaxis(grid, axis, 0)
        grid = np.moveaxis(moved[start] * (1 - share) + moved[start + 1] * share, 0, axis)
    return grid


def draw_scene(room: np.random.Generator, spot: np.random.Generator, view: int) -> Scene:
    """Draws a scene.

    Args:
        room: stream of the room, the same for all cameras of a subject.
        spot: stream of what only this camera sees.
        view: the camera's angle in degrees.
    """
    wall = room.uniform(105, 215) * room.uniform(0.88, 1.12, 3)
    floor = room.uniform(70, 165) * room.uniform(0.85, 1.15, 3)
    tile = room.uniform(0.4, 0.9) if room.random() < 0.6 else 0.0
    azimuth, ambient = room.uniform(0, 2 * np.pi), room.uniform(0.45, 0.65)
    light = Light(np.array([0.6 * np.cos(azimuth), 0.6 * np.sin(azimuth), 0.8]), ambient)
    here = camera.Camera.at(view)
    rays = here.rays()
    # Where each pixel's ray meets the floor, and the wall behind the scene.
    to_floor = -here.position[2] / np.minimum(rays[..., 2], -1e-6)
    back = -here.position[:2] / np.linalg.norm(here.position[:2])
    to_wall = (_WALL_DISTANCE - here.position[:2] @ back) / (rays[..., :2] @ back)
    on_floor = to_floor < to_wall
    ground = here.position[:2] + to_floor[..., None] * rays[..., :2]
    high = here.position[2] + to_wall * rays[..., 2]
    aside = (here.position[:2] + to_wall[..., None] * rays[..., :2]) @ [-back[1], back[0]]
    shape = rays.shape[:2]
    patches = 1 + 0.04 * smooth_noise(spot, shape, 64) + 0.03 * smooth_noise(spot, shape, 8)
    tiles = np.ones(shape)
    if tile:
        odd = np.floor(ground / tile).astype(int).sum(axis=-1) % 2
        near_line = (ground / tile % 1 < 0.03).any(axis=-1)
        tiles = 1 + 0.05 * odd - 0.12 * near_line
    walls = np.where((high < 0.12)[..., None], 0.6, 1.0) * wall
    for _ in range(spot.integers(1, 5)):
        # Doors, posters, windows.
        middle, width = spot.uniform(-5, 5), spot.uniform(0.3, 1.2)
        bottom = 0.0 if spot.random() < 0.4 else spot.uniform(0.8, 1.5)
        inside = np.abs(aside - middle) < width / 2
        inside &= (high > bottom) & (high < bottom + spot.uniform(0.5, 2.1))
        walls[inside] = spot.uniform(40, 220) * spot.uniform(0.8, 1.2, 3)
    background = np.where(on_floor[..., None], tiles[..., None] * floor, walls) * patches[..., None]
    return Scene(
        background=np.clip(np.round(background), 0, 255).astype(np.uint8),
        light=light,
        noise=room.uniform(2.0, 5.0),
    )
