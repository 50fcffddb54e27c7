"""Stand-ins: people whom nobody has seen, at any speed, from any side, at any size.

    someone = standin.draw(seed)
    steps = rhythm.own(speed, someone.pace.preference, start)
    sight = someone.see(steps, azimuth, elevation, height)
    masks = sight.window.paste(sight.masks, (240, 320))

The same seed gives the same pixels.
"""

import dataclasses

import cv2
import numpy as np

from tfds_casia.walkers import body, camera, footing, pace, people, raster, recording
from tfds_casia.walkers.rhythm import Steps

# Distance of the camera from the middle of the body, and that middle's height, in statures.
DISTANCE = 4.2
MIDDLE = 0.52

# A foot's length behind the ankle and before its ball, and half of its breadth, from ankle to ball.
_HEEL, _TIP, _HALF = 0.45, 0.45, 0.3

# About so many pixels are drawn at once.
_AT_ONCE = 2_000_000


@dataclasses.dataclass(frozen=True)
class Sight(recording.Sight):
    """A stand-in as cameras see it; pixels from the picture's upper left corner.

    Attributes:
        anchors: the point of the ground below the middle of the body, (x, y) pixels, [T, 2].
        joints: of the bones in the order of `body.model().bones`, (x, y) pixels and how far away
            from the camera, in statures, [T, B, 3].
        soles: corners of the ground below the left and the right foot, (x, y) pixels, [T, 2, 4, 2].
        lifts: how far these are over it, in statures, [T, 2].
    """

    anchors: np.ndarray
    joints: np.ndarray
    soles: np.ndarray
    lifts: np.ndarray


@dataclasses.dataclass(frozen=True)
class Standin:
    """Somebody who can be filmed.

    Attributes:
        pace: the dressed figure and how it moves at any speed.
        topology: of the figure's mesh.
        upright: what of the standing figure may bound its outline, metres, [N, 3].
        follow: the mesh as a product: row v has vertex v, weighted by each bone, [V, 4 B].
    """

    pace: pace.Pace
    topology: raster.Topology
    upright: np.ndarray
    follow: np.ndarray

    @property
    def figure(self) -> body.Figure:
        """The dressed figure."""
        return self.pace.figure

    @property
    def stature(self) -> float:
        """Height of the standing figure with all it wears, metres."""
        return float(np.ptp(self.upright[:, 2]))

    def pose(self, steps: Steps) -> body.Pose:
        """Poses the figure through steps, beside an origin that moves on at their speed.

        Returns:
            T poses; the origin is on the ground, the pelvis above it, x points forwards.
        """
        own = self.pace
        amplitude = own.amplitude(steps)
        joints = self.figure.joints
        move = pace.raised(own.on_grid(own.lift, amplitude, steps.phase))
        offset = own.on_grid(own.offset, amplitude, steps.phase)
        angles = own.angles(amplitude, steps.phase, steps.times)
        lifted = own.posed(footing.reach(angles, joints, move)).moved(offset)
        move += footing.holding(own.footprints(lifted), steps)
        return own.posed(footing.reach(angles, joints, move)).moved(offset)

    def see(
        self,
        steps: Steps,
        azimuth: np.ndarray,
        elevation: np.ndarray,
        height: np.ndarray,
        place: np.ndarray | None = None,
        distance: float = DISTANCE,
    ) -> Sight:
        """Films the person walking; see `film`, whose arguments these are, with T steps."""
        return self.film(self.pose(steps), azimuth, elevation, height, place, distance)

    def film(
        self,
        pose: body.Pose,
        azimuth: np.ndarray,
        elevation: np.ndarray,
        height: np.ndarray,
        place: np.ndarray | None = None,
        distance: float = DISTANCE,
    ) -> Sight:
        """Films the person in poses, each frame by a camera of its own.

        Args:
            pose: T frames, all of those of `pose` or a part of them: a long clip at a high
                resolution is better filmed in parts.
            azimuth: degrees from where the person faces to the camera, counter-clockwise as seen
                from above, [T]: 0 sees them come, 90 their left side, -90 their right side, 180
                sees them leave. Who turns by some degrees loses as many here.
            elevation: degrees by which the camera looks down, 0 to 60, [T].
            height: pixels that the person would measure in this frame if they stood upright, [T].
            place: where the anchor shall be, (x, y) pixels, fractions too, [T, 2]; the picture's
                upper left corner by default, so that all positions are relative to the anchor.
            distance: of the camera from the middle of the body, in statures; the nearer, the
                stronger the perspective.

        Raises:
            ValueError: the arguments are not all of T frames, or somebody is no pixel tall.
        """
        frames = len(pose.rotations)
        lengths = {len(azimuth), len(elevation), len(height), frames}
        if len(lengths) > 1 or (place is not None and np.shape(place) != (frames, 2)):
            raise ValueError(f"azimuth, elevation, height and place must be of {frames} frames")
        if not np.min(height) >= 1:
            raise ValueError(f"nobody is {np.min(height)} pixels tall")
        stature = self.stature
        position, axes = camera.around(azimuth, elevation, distance * stature, MIDDLE * stature)
        standing = _pinhole(np.einsum("tij,tnj->tni", axes, self.upright - position[:, None]))
        focal = height / np.ptp(standing[..., 1], axis=1)
        ground = _pinhole(np.einsum("tij,tj->ti", axes, -position))
        anchors = np.zeros_like(ground) if place is None else np.asarray(place, float)
        shift = anchors - focal[:, None] * ground
        turned = axes[:, None] @ pose.rotations
        moved = (axes[:, None] @ (pose.positions - position[:, None])[..., None])[..., 0]
        joints = focal[:, None, None] * _pinhole(moved) + shift[:, None]
        joints = np.concatenate([joints, moved[..., 2:] / stature], axis=-1)
        corners, lifts = _soles(pose.positions, self.figure.joints, stature)
        below = np.einsum("tij,tnj->tni", axes, corners.reshape(frames, -1, 3) - position[:, None])
        soles = focal[:, None, None] * _pinhole(below) + shift[:, None]
        moved = moved - (turned @ self.figure.joints[..., None])[..., 0]
        motion = np.concatenate([turned, moved[..., None]], axis=-1)
        # [4 B, 3 T]: all frames' vertices are one product.
        columns = motion.transpose(1, 3, 0, 2).reshape(-1, 3 * frames)
        seen = (self.follow @ columns).reshape(-1, frames, 3)
        pixels = _pinhole(seen) * focal[:, None] + shift
        points = np.round(pixels.transpose(1, 0, 2) * raster.SUBPIXELS).astype(np.int32)
        window = raster.Window.around(points)
        masks = self._drawn(points, window)
        return Sight(
            points,
            seen[..., 2].T,
            window,
            masks,
            anchors,
            joints,
            soles.reshape(frames, 2, 4, 2),
            lifts,
        )

    def _drawn(self, points: np.ndarray, window: raster.Window) -> np.ndarray:
        """The silhouettes, some frames after others, so that memory stays small."""
        step = max(1, _AT_ONCE // (window.height * window.width))
        drawn = [
            raster.silhouettes(
                points[start : start + step],
                self.topology,
                dataclasses.replace(
                    window,
                    top=window.top[start : start + step],
                    left=window.left[start : start + step],
                ),
            )
            for start in range(0, len(points), step)
        ]
        return np.stack([one_region(mask) for mask in np.concatenate(drawn)])


def _soles(
    positions: np.ndarray, joints: np.ndarray, stature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where feet are over the ground; joints [T, B, 3] in space, and at rest [B, 3], metres.

    Returns:
        (corners of the ground below each, metres [T, 2, 4, 3]; how far over it it is, in statures
        [T, 2]).
    """
    bones = body.model().bones
    corners, lifts = [], []
    for side in ("left", "right"):
        pair = [bones.index(f"{bone}_{side}") for bone in ("foot", "toes")]
        ankle, toes = (positions[:, bone].copy() for bone in pair)
        lifts.append((positions[:, pair, 2] - joints[pair, 2]).min(axis=1).clip(0) / stature)
        ankle[:, 2] = toes[:, 2] = 0
        along = toes - ankle
        beside = np.stack([-along[:, 1], along[:, 0], along[:, 2]], axis=1)
        heel, tip = ankle - _HEEL * along, toes + _TIP * along
        corners.append(
            np.stack([end + way * beside for end in (heel, tip) for way in (-_HALF, _HALF)], axis=1)
        )
    return np.stack(corners, axis=1), np.stack(lifts, axis=1)


def one_region(mask: np.ndarray) -> np.ndarray:
    """The mask without specks: tips of fingers whose thin roots meet no pixel's centre."""
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    if count <= 2:
        return mask
    largest = 1 + np.bincount(labels.ravel())[1:].argmax()
    return np.where(labels == largest, mask, 0).astype(np.uint8)


def _pinhole(seen: np.ndarray) -> np.ndarray:
    """Points (right, down, away), [..., 3], in the picture of a camera of focal length 1."""
    return seen[..., :2] / seen[..., 2:]


def draw(seed: int) -> Standin:
    """Draws somebody from a seed, any whole number from 0."""
    someone = people.draw_person(recording.stream("standin", seed))
    figure = someone.figure
    own = pace.Pace.of(figure, someone.walk, someone.stance)
    still = own.posed(own.angles(np.zeros(1), np.zeros(1)))
    upright = body.skin(figure.vertices, figure.weights, figure.joints, still)[0]
    upright -= [*still.positions[0, 0, :2], upright[:, 2].min()]
    whole = np.concatenate([figure.vertices, np.ones((len(figure.vertices), 1))], axis=1)
    follow = (figure.weights[:, :, None] * whole[:, None]).reshape(len(whole), -1)
    return Standin(own, raster.Topology.of(figure.faces), _extremes(upright), follow)


def _extremes(points: np.ndarray) -> np.ndarray:
    """The points [N, 3] of a figure's vertices that reach furthest in some direction up or down."""
    rise, turn = np.meshgrid(np.radians(np.arange(90, 10, -6)), np.arange(24) * np.pi / 12)
    towards = np.stack(
        [np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)], axis=-1
    ).reshape(-1, 3)
    heights = towards @ points.T
    return points[np.unique(np.concatenate([heights.argmax(axis=1), heights.argmin(axis=1)]))]
