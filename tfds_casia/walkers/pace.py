"""One person's walk at any speed, and standing: joint angles by phase and length of the stride.

The curves of `gait` are those of the pace that people choose. Here they are played at an amplitude:
1 is that pace, 0 is standing, at which the phase no longer matters. What depends on both alone is
worked out once a person, on a grid.
"""

import dataclasses

import numpy as np

from tfds_casia.walkers import body, footing, gait, motion
from tfds_casia.walkers.gait import SIDES
from tfds_casia.walkers.rhythm import Preference, Steps

_AMPLITUDES = np.array([0.0, 0.12, 0.35, 0.65, 1.0, 1.3, 1.6])
_PHASES = 48

# Angles grow with the amplitude to this power, below and above 1; the others grow evenly. Knees and
# feet must clear the ground in short steps, too, and bend little further in long ones.
_GROWTH = {"knee": (0.6, 0.2), "ankle": (0.6, 0.6)}

# A foot that swings keeps this distance from the ground, metres, from this amplitude on.
_CLEARANCE = 0.010
_FULL_CLEARANCE = 0.25

# The trunk leads and lags, and sways, by no more than this each way, metres; knees make up for it.
_SWAY = np.array([0.025, 0.03])

# By how much knees that give are lower than stiff ones, metres.
_SOFT = 0.004

# Who turns on the spot steps at this amplitude, from so many degrees a second on.
_ON_THE_SPOT, _QUICK_TURN = 0.15, 60.0

# What is left of the random changes of trunk, head and arms in one who stands.
_STILL = 0.35


@dataclasses.dataclass(frozen=True)
class Stance:
    """How a person stands; degrees.

    Attributes:
        apart: abduction of the legs.
        stagger: by how much the right leg is in front, and the left one behind.
        knees: their flexion.
        elbow: flexion of each, [2 sides].
        arm: flexion of each shoulder, [2 sides].
    """

    apart: float
    stagger: float
    knees: float
    elbow: np.ndarray
    arm: np.ndarray


def draw_stance(rng: np.random.Generator, style: gait.Style) -> Stance:
    """Draws how a person stands who walks in a style."""
    return Stance(
        apart=rng.normal(-1.0, 1.4),
        stagger=rng.normal(0, 1.2),
        knees=max(rng.normal(4, 2) + style.offset[1] / 2, 1.0),
        elbow=np.maximum(0.8 * style.elbow + rng.normal(0, 4, 2), 3),
        arm=style.arm_offset + 2 + rng.normal(0, 2.5, 2),
    )


@dataclasses.dataclass(frozen=True)
class Pace:
    """A figure's walk at any speed.

    Attributes:
        figure: who walks.
        walk: how, at the preferred pace.
        stance: how they stand.
        soles: vertices that may touch the ground, of the right and of the left foot.
        strides: metres a cycle, by amplitude, [A], rising.
        offset: what is added to the pelvis' place at rest beside a point of the ground that moves
            on evenly, metres, by amplitude and phase, [A, N, 3].
        lift: how much each foot is raised to clear the ground, metres, likewise, [A, N, 2 sides].
    """

    figure: body.Figure
    walk: gait.Walk
    stance: Stance
    soles: tuple[np.ndarray, np.ndarray]
    strides: np.ndarray
    offset: np.ndarray
    lift: np.ndarray

    @classmethod
    def of(cls, figure: body.Figure, walk: gait.Walk, stance: Stance) -> "Pace":
        """Works out the grid of a figure."""
        soles = motion.sole_vertices(figure)
        left = figure.vertices[soles, 1] > 0
        shape = len(_AMPLITUDES), _PHASES
        start = cls(
            figure=figure,
            walk=walk,
            stance=stance,
            soles=(soles[~left], soles[left]),
            strides=_AMPLITUDES,
            offset=np.zeros((*shape, 3)),
            lift=np.zeros((*shape, 2)),
        )
        amplitude, phase = (
            part.ravel()
            for part in np.meshgrid(_AMPLITUDES, np.arange(_PHASES) / _PHASES, indexing="ij")
        )
        angles = start.angles(amplitude, phase)
        pose = start.posed(angles)
        heights = np.stack([sole[..., 2].min(axis=1) for sole in start.footprints(pose)])
        standing = footing.standing(phase)
        ground = np.where(standing, heights, np.inf).min(axis=0)
        share = np.minimum(amplitude / _FULL_CLEARANCE, 1)
        missing = np.where(standing, 0, np.maximum(share * _CLEARANCE - heights + ground, 0))
        lift = _smoothed(missing.T.reshape(start.lift.shape))
        angles = footing.reach(angles, figure.joints, raised(lift.reshape(-1, 2)))
        pose = start.posed(angles)
        prints = [sole.reshape(*shape, -1, 3) for sole in start.footprints(pose)]
        steps = -footing.carried(prints, phase.reshape(shape)[0])
        strides = steps[..., 0].sum(axis=1)
        offset = np.cumsum(steps, axis=1) - steps
        even = np.arange(_PHASES)[:, None] / _PHASES
        offset -= even * steps.sum(axis=1, keepdims=True)
        # The point lies below the pelvis, on average.
        pelvis = pose.positions[:, 0, :2].reshape(offset.shape)
        offset -= (offset + pelvis).mean(axis=1, keepdims=True)
        offset *= np.minimum(1, 2 * _SWAY / np.maximum(np.ptp(offset, axis=1, keepdims=True), 1e-9))
        # People do not come down as hard as stiff legs would.
        height = _smoothed(-ground.reshape(*shape, 1)) - _SOFT * np.minimum(
            _AMPLITUDES[:, None, None], 1
        )
        offset = np.concatenate([offset, height], axis=-1)
        return dataclasses.replace(start, strides=strides, offset=offset, lift=lift)

    @property
    def preference(self) -> Preference:
        """The pace that the person prefers."""
        stride = float(np.interp(1.0, _AMPLITUDES, self.strides))
        return Preference(self.walk.cadence / 120, stride, float(self.strides[-1]))

    def amplitude(self, steps: Steps) -> np.ndarray:
        """Returns the amplitudes at which steps are taken, [T]; turning on the spot lifts feet."""
        turning = _ON_THE_SPOT * np.minimum(steps.turning() / _QUICK_TURN, 1)
        return np.maximum(np.interp(steps.stride, self.strides, _AMPLITUDES), turning)

    def on_grid(self, values: np.ndarray, amplitude: np.ndarray, phase: np.ndarray) -> np.ndarray:
        """Reads what is worked out by amplitude and phase, [A, N, C], at points [T]: [T, C]."""
        place = np.interp(amplitude, _AMPLITUDES, np.arange(len(_AMPLITUDES)))
        row = np.minimum(place.astype(int), len(_AMPLITUDES) - 2)
        turn = phase % 1 * _PHASES
        column = turn.astype(int) % _PHASES
        down, along = (place - row)[:, None], (turn - np.floor(turn))[:, None]
        after = (column + 1) % _PHASES
        upper = values[row, column] * (1 - along) + values[row, after] * along
        lower = values[row + 1, column] * (1 - along) + values[row + 1, after] * along
        return upper * (1 - down) + lower * down

    def angles(
        self, amplitude: np.ndarray, phase: np.ndarray, times: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Returns the joint angles as `gait.joint_angles` does, before any foot is corrected.

        Args:
            amplitude: 1 at the preferred pace, 0 standing, [T].
            phase: in cycles, [T].
            times: moments in seconds of the random changes, [T]; none without.
        """
        # Two steps a cycle: at 120 steps a minute, seconds are cycles.
        even = dataclasses.replace(
            self.walk,
            cadence=120.0,
            phase=0.0,
            wander=tuple(np.zeros_like(part) for part in self.walk.wander),
        )
        moving = gait.joint_angles(even, phase)
        found = {}
        for name, angle in self._upright().items():
            below, above = _GROWTH.get(name.split()[-1], (1.0, 1.0))
            growth = np.minimum(amplitude, 1) ** below * np.maximum(amplitude, 1) ** above
            found[name] = angle + growth * (moving[name] - angle)
        if times is None:
            return found
        for name, wander in zip(gait.CHANNELS, self.walk.wandering(times), strict=True):
            leg = name.split()[-1] in ("hip", "knee", "ankle")
            least = 0.0 if leg else _STILL
            target = "trunk turn" if name == "turn" else name
            found[target] = found[target] + wander * (
                least + (1 - least) * np.minimum(amplitude, 1)
            )
        for side in SIDES:
            found[f"{side} knee"] = np.maximum(found[f"{side} knee"], 0)
        return found

    def _upright(self) -> dict[str, float]:
        """The joint angles of the person standing."""
        style, stance, curves = self.walk.style, self.stance, body.model().curves
        tilt = float(curves["PelvicTilt"][0])
        level = ("obliquity", "turn", "trunk turn", "trunk roll")
        angles = dict.fromkeys(level, 0.0) | {
            "tilt": tilt,
            "lean": style.lean - 1,
            "head": style.head,
        }
        for index, side in enumerate(SIDES):
            thigh = stance.knees / 2 + (stance.stagger if side == "right" else -stance.stagger)
            angles[f"{side} hip"] = tilt + thigh
            angles[f"{side} knee"] = stance.knees
            # The foot is flat.
            angles[f"{side} ankle"] = motion.STANDING_ANKLE - (thigh - stance.knees)
            angles[f"{side} adduction"] = -stance.apart
            angles[f"{side} progression"] = float(curves["FootProgression"][0]) - style.toe_out
            angles[f"{side} arm"] = float(stance.arm[index])
            angles[f"{side} elbow"] = float(stance.elbow[index])
        return angles

    def posed(self, angles: dict[str, np.ndarray]) -> body.Pose:
        """Returns the poses of joint angles, the pelvis where it is at rest."""
        joints = self.figure.joints
        return body.hang_together(motion.rotations(angles, self.walk.style, joints), joints)

    def footprints(self, pose: body.Pose) -> list[np.ndarray]:
        """Returns where the points of the right and of the left sole are, metres [T, P, 3] each."""
        figure = self.figure
        return [
            body.skin(figure.vertices[sole], figure.weights[sole], figure.joints, pose)
            for sole in self.soles
        ]


def raised(lift: np.ndarray) -> np.ndarray:
    """Turns heights of the right and the left foot, [T, 2], into moves for `footing.reach`."""
    move = np.zeros((2, len(lift), 3))
    move[..., 2] = lift.T
    return move


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Means over neighbouring phases, going round, of values [A, N, C]."""
    weights = np.array([1.0, 2, 3, 4, 3, 2, 1]) / 16
    return sum(
        weight * np.roll(values, shift, axis=1)
        for weight, shift in zip(weights, range(-3, 4), strict=True)
    )
