"""How walkers walk: joint angles through the gait cycle, and what makes a walk someone's own.

The average walk is that of normative adult curves (`body.model().curves`). A `Style` bends them; a
`Walk` is one time that a person walks past. Phase counts gait cycles: the right heel strikes at
whole numbers, the left heel half a cycle later.
"""

import dataclasses

import numpy as np

from tfds_casia.walkers import body

FRAME_RATE = 25.0

# Cadence in steps a minute: the range of adults at the pace that they choose.
MIN_CADENCE, MAX_CADENCE = 90.0, 130.0

_JOINTS = ("hip", "knee", "ankle")
_CURVE = {"hip": "HipFlexExt", "knee": "KneeFlexExt", "ankle": "DorsiPlanFlex"}
SIDES = ("right", "left")

# Angles that wander, and how much: 1 is about 1.7° root mean square.
CHANNELS = {
    "right hip": 0.8,
    "right knee": 0.8,
    "right ankle": 0.6,
    "left hip": 0.8,
    "left knee": 0.8,
    "left ankle": 0.6,
    "right arm": 2.2,
    "left arm": 2.2,
    "lean": 1.0,
    "head": 2.0,
    "turn": 0.7,
}


@dataclasses.dataclass(frozen=True)
class Style:
    """What is a person's own in their walk; angles in degrees, phases in cycles.

    Attributes:
        cadence: steps a minute at the pace that the person prefers.
        amplitude: of hip, knee and ankle, 1 is the average, [2 sides, 3 joints].
        phase: by how much hip, knee and ankle come early, [3].
        offset: added to hip, knee and ankle, [3].
        shape: added to the second and third harmonic of hip, knee and ankle, [3, 2, 2].
        pelvis: amplitude of tilt, obliquity and rotation, 1 is the average, [3].
        narrowness: adduction of the legs.
        toe_out: added to the outward turn of the feet.
        trunk_turn: amplitude of the shoulders' turn against the pelvis.
        trunk_roll: amplitude of the trunk's sideways sway.
        lean: of the trunk forwards.
        stoop: of the neck forwards, on top of the lean.
        head: pitch of the head, up.
        tilt: of trunk and head to the left, [2].
        arm_swing: amplitude of the shoulder, [2 sides].
        arm_offset: mean flexion of the shoulder.
        arm_phase: by how much the arms come late.
        arm_spread: abduction of the arms, [2 sides].
        elbow: mean flexion.
        elbow_swing: how much the elbow bends further when the arm is in front.
        shoulder_lift: of each shoulder, [2 sides].
    """

    cadence: float
    amplitude: np.ndarray
    phase: np.ndarray
    offset: np.ndarray
    shape: np.ndarray
    pelvis: np.ndarray
    narrowness: float
    toe_out: float
    trunk_turn: float
    trunk_roll: float
    lean: float
    stoop: float
    head: float
    tilt: np.ndarray
    arm_swing: np.ndarray
    arm_offset: float
    arm_phase: float
    arm_spread: np.ndarray
    elbow: float
    elbow_swing: float
    shoulder_lift: np.ndarray


@dataclasses.dataclass(frozen=True)
class Walk:
    """One walk of a person.

    Attributes:
        style: the person's.
        cadence: steps a minute, this time.
        phase: at time 0, in cycles.
        vigour: factor of the amplitudes of legs and arms.
        free_arms: which share of its swing each arm keeps, [2 sides]; less with a bag.
        heading: degrees by which the walk leads off the scene's line, to the left.
        aside: how far to the left of the line it passes the middle, metres.
        wander: slow random changes of the angles: amplitude in degrees, frequency in hertz and
            phase in radians of sines, [C channels, S sines] each.
    """

    style: Style
    cadence: float
    phase: float
    vigour: float
    free_arms: np.ndarray
    heading: float
    aside: float
    wander: tuple[np.ndarray, np.ndarray, np.ndarray]

    def phases(self, times: np.ndarray) -> np.ndarray:
        """Returns the phase in cycles at times in seconds."""
        return self.phase + times * self.cadence / 120

    def wandering(self, times: np.ndarray) -> np.ndarray:
        """Returns the random changes in degrees at times [T] in seconds, [C, T]."""
        amplitude, frequency, phase = (part[..., None] for part in self.wander)
        return np.sum(amplitude * np.sin(2 * np.pi * frequency * times + phase), axis=1)


def draw_style(rng: np.random.Generator, leg: float) -> Style:
    """Draws a person's style.

    The deviations are a few degrees an angle: wider than those of the curves' own table, which are
    of one group in one laboratory, and chosen so that walkers of one body in one set of clothes can
    still be told apart by their style.

    Args:
        rng: the person's.
        leg: length of the leg in metres; long legs step more slowly.
    """
    sides = rng.normal(1, [0.09, 0.09, 0.12]) * rng.normal(1, 0.035, (2, 3))
    swing = 15 * np.exp(rng.normal(0, 0.35))
    spread = rng.normal(9, 3.5)
    return Style(
        cadence=float(np.clip(rng.normal(112 - 60 * (leg - 0.85), 6.5), 94, 126)),
        amplitude=sides,
        phase=rng.normal(0, [0.010, 0.010, 0.015]),
        offset=rng.normal(0, [2.0, 2.5, 2.0]),
        shape=rng.normal(0, [1.2, 2.0, 1.5], (2, 2, 3)).transpose(2, 0, 1) * [[1.0], [0.6]],
        pelvis=np.maximum(rng.normal(1, 0.35, 3), 0.1),
        narrowness=rng.normal(2.8, 1.0),
        toe_out=rng.normal(-2, 5),
        trunk_turn=max(rng.normal(5, 2), 0.5),
        trunk_roll=max(rng.normal(1.5, 0.8), 0),
        lean=rng.normal(3, 2.8),
        stoop=rng.normal(6, 5),
        head=rng.normal(4, 4),
        tilt=rng.normal(0, [2.0, 4.0]),
        arm_swing=swing * np.maximum(rng.normal(1, 0.3, 2), 0.2),
        arm_offset=rng.normal(-4, 4),
        arm_phase=rng.normal(0.02, 0.02),
        arm_spread=np.maximum(spread + rng.normal(0, 3, 2), 3),
        elbow=max(rng.normal(17, 7), 4),
        elbow_swing=max(rng.normal(10, 6), 0),
        shoulder_lift=rng.normal(0, 2.5) + rng.normal(0, 2, 2),
    )


def draw_walk(rng: np.random.Generator, style: Style, free_arms: np.ndarray | None = None) -> Walk:
    """Draws one walk of a person.

    Args:
        rng: the walk's.
        style: the person's.
        free_arms: as in `Walk`; both swing freely by default.
    """
    haste = rng.normal(0, 1)
    cadence = style.cadence * (1 + 0.02 * haste) * rng.normal(1, 0.008)
    sines = (len(CHANNELS), 4)
    return Walk(
        style=style,
        cadence=float(np.clip(cadence, MIN_CADENCE, MAX_CADENCE)),
        phase=rng.uniform(0, 1),
        vigour=1 + 0.025 * haste + rng.normal(0, 0.012),
        free_arms=(np.ones(2) if free_arms is None else free_arms) * rng.normal(1, 0.1, 2),
        heading=rng.normal(0, 1.5),
        aside=rng.normal(0, 0.1),
        wander=(
            rng.normal(0, 1.2, sines) * np.array([*CHANNELS.values()])[:, None],
            rng.uniform(0.05, 0.9, sines),
            rng.uniform(0, 2 * np.pi, sines),
        ),
    )


def evaluate(coefficients: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Evaluates a Fourier series.

    Args:
        coefficients: a0, a1, b1, a2, ..., [2N + 1].
        phase: in cycles, any shape.

    Returns:
        a0 + Σ aₙ cos 2πnφ + bₙ sin 2πnφ, of phase's shape.
    """
    harmonic = np.arange(1, len(coefficients) // 2 + 1)
    angle = 2 * np.pi * phase[..., None] * harmonic
    cosines, sines = coefficients[1::2], coefficients[2::2]
    return coefficients[0] + np.cos(angle) @ cosines + np.sin(angle) @ sines


def _leg(walk: Walk, joint: int, side: int, phase: np.ndarray) -> np.ndarray:
    """Flexion of a joint of the leg in degrees, [T]."""
    style = walk.style
    coefficients = body.model().curves[_CURVE[_JOINTS[joint]]].copy()
    coefficients[1:] *= style.amplitude[side, joint] * walk.vigour
    coefficients[0] += style.offset[joint]
    coefficients[3:7] += style.shape[joint].ravel()
    angle = evaluate(coefficients, phase + style.phase[joint])
    # A knee does not bend backwards.
    return np.logaddexp(0, angle / 2) * 2 if _JOINTS[joint] == "knee" else angle


def joint_angles(walk: Walk, times: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the joint angles of a walk.

    Args:
        walk: the walk.
        times: in seconds, [T].

    Returns:
        Degrees, [T] each, by name. For the pelvis and trunk: "tilt", "obliquity" (right side up),
        "turn" (right side forwards), "trunk turn", "trunk roll", "lean", "head". For each side,
        "right ..." and "left ...": "hip", "knee", "ankle", "adduction", "progression" (inwards),
        "arm", "elbow".
    """
    style, curves = walk.style, body.model().curves
    phase = walk.phases(times)
    wander = dict(zip(CHANNELS, walk.wandering(times), strict=True))
    angles = {}
    both = {
        name: np.stack([evaluate(curves[name], phase + half) for half in (0, 0.5)])
        for name in ("PelvicTilt", "PelvicObliquity", "PelvicRotation")
    }
    # The two sides see one pelvis: tilt is what they have in common, the others what differs.
    tilt = both["PelvicTilt"].mean(0)
    angles["tilt"] = curves["PelvicTilt"][0] + style.pelvis[0] * (tilt - curves["PelvicTilt"][0])
    for name, curve, k in (("obliquity", "PelvicObliquity", 1), ("turn", "PelvicRotation", 2)):
        angles[name] = style.pelvis[k] * (both[curve][0] - both[curve][1]) / 2
    cycle = 2 * np.pi * phase
    angles["trunk turn"] = -walk.vigour * style.trunk_turn * np.cos(cycle - 0.3) + wander["turn"]
    angles["trunk roll"] = style.trunk_roll * np.sin(cycle)
    angles["lean"] = style.lean + 0.8 * np.cos(2 * cycle) + wander["lean"]
    angles["head"] = style.head + wander["head"]
    for side, name in enumerate(SIDES):
        own = phase + side / 2
        for joint, part in enumerate(_JOINTS):
            angles[f"{name} {part}"] = _leg(walk, joint, side, own) + wander[f"{name} {part}"]
        angles[f"{name} adduction"] = evaluate(curves["HipAbAdduct"], own) + style.narrowness
        progression = curves["FootProgression"]
        angles[f"{name} progression"] = evaluate(progression, own) - style.toe_out
        swing = -np.cos(2 * np.pi * (own - style.arm_phase))
        reach = walk.vigour * walk.free_arms[side]
        angles[f"{name} arm"] = (
            style.arm_offset + reach * style.arm_swing[side] * swing + wander[f"{name} arm"]
        )
        angles[f"{name} elbow"] = style.elbow + reach * style.elbow_swing * (0.5 + 0.5 * swing)
    return angles
