"""Keeps with people from frame to frame by BlazePose, also where they pass one another."""

import dataclasses

import numpy as np

from gait_jax.video.blazepose_detector import Tile
from gait_jax.video.blazepose_landmarks import NAMES, Pose
from gait_jax.video.blazepose_region import Region
from gait_jax.video.bodies import Bodies, add
from gait_jax.video.leaving_out import without
from gait_jax.video.support import Support

# Seconds for which somebody is looked for where they should be.
_SOUGHT = 1.0
# Share of a new step in what is known of the motion.
_STEP = 0.3
# Sides of the tile in which somebody who was lost is looked for, in those of their square.
_TILE = 1.75
# Shares of the square: whoever is found so near where somebody who was lost should be is they.
_NEAR = 0.25
# Who was lost is found again with as much certainty, and from so much of their silhouette to so
# many times it: what is left of them beside somebody else deceives the network.
_CERTAIN, _LEAST, _MOST = 0.8, 0.5, 1.5
_FEET = [i for i, name in enumerate(NAMES) if name.endswith(("ankle", "heel", "foot_index"))]


@dataclasses.dataclass(eq=False)
class _One:
    """Somebody who is pursued.

    Attributes:
      pose: when they were last seen.
      motion: of the square around them, pixels a frame (x, y).
      unseen: since how many frames they are not.
    """

    pose: Pose
    motion: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))
    unseen: int = 0

    @property
    def region(self) -> Region:
        """Where to look in the next frame."""
        if not self.unseen:
            return self.pose.following
        right, down = self.motion * self.unseen
        region = self.pose.following
        return dataclasses.replace(region, x=region.x + right, y=region.y + down)

    @property
    def lowest(self) -> float:
        """Row of the lower foot: who stands lower is nearer to most cameras."""
        return float(self.pose.landmarks[_FEET, 1].max())

    def see(self, pose: Pose) -> None:
        """Takes in where they are now."""
        before, now = self.pose.following, pose.following
        step = np.array([now.x - before.x, now.y - before.y]) / (self.unseen + 1)
        self.motion = (1 - _STEP) * self.motion + _STEP * step
        self.pose, self.unseen = pose, 0


class Pursuit:
    """Remembers who was there, and where to; not for two threads at once."""

    def __init__(self, bodies: Bodies, rate: float):
        """Starts without anybody.

        Args:
          bodies: the networks.
          rate: frames a second.
        """
        self._bodies = bodies
        self._longest = max(1, round(_SOUGHT * rate))
        self._ones: list[_One] = []

    def __call__(self, picture: np.ndarray, support: Support | None = None) -> list[Pose]:
        """Where they are in the next frame, who were in the one before or shortly before.

        The nearest is looked at first. Whoever is near them is looked at in the picture without
        them: else the network takes the nearer one, or both, for the further one.

        Args:
          picture: [H, W, 3] uint8 (blue, green, red).
          support: the picture beside its scene, where that is known.
        """
        found: list[Pose] = []
        taken_out: list[Pose] = []
        rest = picture
        for one in sorted(self._ones, key=lambda one: (one.unseen > 0, -one.lowest)):
            rows, columns = one.region.window(picture.shape)
            beside = [pose for pose in found if _meet(pose, rows, columns)]
            if one.unseen and not beside:
                # Nobody hides them: the detector has to find them.
                one.unseen += 1
                continue
            hidden_by = [pose for pose in beside if not any(pose is one for one in taken_out)]
            if hidden_by:
                rest = without(rest, hidden_by)
                taken_out += hidden_by
            now = self._bodies.look(rest, one.region, support, found)
            if now:
                # Of a body with several heads, whoever is where they should be.
                several = self._bodies.told_apart(rest, now)
                now = min(several, key=lambda pose: abs(pose.following.x - one.region.x))
            if now and (not one.unseen or _is_again(one.pose, now)) and add(found, now):
                one.see(now)
            else:
                one.unseen += 1
        self._ones = [one for one in self._ones if one.unseen <= self._longest]
        return found

    def add(self, poses: list[Pose]) -> None:
        """Takes in who was found in the frame besides."""
        for pose in poses:
            at = pose.following
            lost = [
                one
                for one in self._ones
                if one.unseen
                and np.hypot(one.region.x - at.x, one.region.y - at.y) < _NEAR * at.size
            ]
            if lost:
                lost[0].unseen -= 1
                lost[0].see(pose)
            else:
                self._ones.append(_One(pose))

    def places(self, shape: tuple[int, ...]) -> list[Tile]:
        """Tiles of a picture [H, W, ...] in which those should be who were lost."""
        found = []
        for one in self._ones:
            if one.unseen:
                wide = dataclasses.replace(one.region, size=_TILE * one.region.size, angle=0.0)
                rows, columns = wide.window(shape)
                if rows.start < rows.stop:
                    found.append((columns.start, rows.start, columns.stop, rows.stop))
        return found


def _is_again(before: Pose, now: Pose) -> bool:
    """Whether a pose where somebody should be is likely to be of them."""
    pixels, usual = (np.count_nonzero(pose.silhouette) for pose in (now, before))
    return now.flag >= _CERTAIN and _LEAST * usual <= pixels <= _MOST * usual


def _meet(pose: Pose, rows: slice, columns: slice) -> bool:
    """Whether a silhouette reaches into a window."""
    left, top = pose.corner
    part = pose.silhouette[
        max(rows.start - top, 0) : max(rows.stop - top, 0),
        max(columns.start - left, 0) : max(columns.stop - left, 0),
    ]
    return bool(part.any())
