"""The cameras: eleven on a half circle around the walk, as in CASIA-B, or anywhere around it."""

import dataclasses

import numpy as np

from tfds_casia.walkers.raster import SUBPIXELS

WIDTH, HEIGHT = 320, 240
VIEWS = tuple(range(0, 181, 18))

_FOCAL_LENGTH = 500.0  # pixels
_AIM_HEIGHT = 0.88  # metres

# No two cameras stand alike: distances from the middle of the walk, and heights, metres.
_DISTANCES = (7.4, 7.1, 6.8, 7.2, 7.0, 7.0, 6.9, 7.3, 6.8, 7.1, 6.7)
_HEIGHTS = (1.45, 1.2, 1.35, 1.1, 1.3, 1.25, 1.15, 1.4, 1.2, 1.35, 1.05)


@dataclasses.dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        position: in metres, [3].
        axes: unit vectors to the right, downwards and away from the camera, [3, 3].
    """

    position: np.ndarray
    axes: np.ndarray

    @classmethod
    def at(cls, view: int) -> "Camera":
        """The camera of a view.

        Args:
            view: one of `VIEWS`, degrees between the walk and the camera: 0 sees the walker
                come, 90 their left side, 180 sees them leave.
        """
        angle = np.radians(view)
        forth = np.array([np.cos(angle), np.sin(angle), 0.0])
        number = VIEWS.index(view)
        position = _DISTANCES[number] * forth + [0, 0, _HEIGHTS[number]]
        return cls._towards(np.array([0, 0, _AIM_HEIGHT]), position)

    @classmethod
    def looking(
        cls, azimuth: float, elevation: float, distance: float = 7.0, aim: float = _AIM_HEIGHT
    ) -> "Camera":
        """A camera on a sphere around a point above the origin.

        Args:
            azimuth: degrees from the walk's direction to the camera's, any number: 0 sees the
                walker come, 90 their left side, -90 their right side, 180 sees them leave.
            elevation: degrees by which the camera looks down, 0 level, less than 90.
            distance: metres from the point.
            aim: the point's height, metres.
        """
        position, axes = around(np.array([azimuth]), np.array([elevation]), distance, aim)
        return cls(position[0], axes[0])

    @classmethod
    def _towards(cls, aim: np.ndarray, position: np.ndarray) -> "Camera":
        away = aim - position
        away /= np.linalg.norm(away)
        right = np.cross(away, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        return cls(position, np.stack([right, np.cross(away, right), away]))

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Projects points.

        Args:
            points: metres, [..., 3].

        Returns:
            Sub-pixels (x, y) from the picture's upper left corner, int64 [..., 2], and distances
            along the camera's axis in metres, [...].
        """
        seen = (points - self.position) @ self.axes.T
        scale = _FOCAL_LENGTH / seen[..., 2:]
        pixels = seen[..., :2] * scale + [WIDTH / 2, HEIGHT / 2]
        return np.round(pixels * SUBPIXELS).astype(np.int64), seen[..., 2]

    def rays(self) -> np.ndarray:
        """Returns the direction in which each pixel looks, not of unit length, [H, W, 3]."""
        row, column = np.mgrid[:HEIGHT, :WIDTH] + 0.5
        x, y = (column - WIDTH / 2) / _FOCAL_LENGTH, (row - HEIGHT / 2) / _FOCAL_LENGTH
        return np.stack([x, y, np.ones_like(x)], axis=-1) @ self.axes


def around(
    azimuth: np.ndarray, elevation: np.ndarray, distance: float, aim: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where cameras on a sphere around a point above the origin stand, one a frame.

    Args:
        azimuth: as in `Camera.looking`, [T].
        elevation: likewise, [T].
        distance: metres from the point.
        aim: the point's height, metres.

    Returns:
        Positions in metres [T, 3], and axes as in `Camera` [T, 3, 3].
    """
    turn, rise = np.radians(azimuth), np.radians(elevation)
    level = np.zeros_like(turn)
    towards = np.stack(
        [np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)], axis=-1
    )
    right = np.stack([-np.sin(turn), np.cos(turn), level], axis=-1)
    axes = np.stack([right, np.cross(-towards, right), -towards], axis=1)
    return distance * towards + [0.0, 0.0, aim], axes
