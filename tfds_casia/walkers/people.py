"""Draws people of more shapes, ages and clothes than the data set's walkers have."""

import dataclasses
import functools

import numpy as np

from tfds_casia.walkers import body, gait, outfit, pace
from tfds_casia.walkers.body import Figure, Part


@dataclasses.dataclass(frozen=True)
class Person:
    """A dressed body and how it moves.

    Attributes:
        figure: the body in its clothes.
        walk: how it walks at the pace it prefers.
        stance: how it stands.
    """

    figure: Figure
    walk: gait.Walk
    stance: pace.Stance


# How thick fat is on each part of the body beside the others; at the belly there may be more.
_FAT = {
    Part.FACE: 0.18,
    Part.TORSO: 0.85,
    Part.UPPER_ARM: 0.4,
    Part.FOREARM: 0.2,
    Part.HIPS: 0.85,
    Part.THIGH: 0.65,
    Part.SHANK: 0.3,
}

# Which share of people walk as the old and the tired do.
_OLD = 0.15

# Nobody spreads their arms further than this to hang beside their clothes, degrees.
_WIDEST = 24.0


@functools.cache
def _heavy() -> np.ndarray:
    """The direction in a shape's components, of length 1, in which women and men gain girth."""
    model = body.model()
    count = len(model.parts)
    trunk = np.isin(model.parts, [Part.TORSO, Part.HIPS, Part.THIGH])
    outwards = body.normals(model.mean[:count], model.faces)[trunk]
    girth = np.einsum("kvi,vi->k", model.components[:, :count][:, trunk], outwards) / trunk.sum()
    head = model.mean[:count, 2].argmax()
    tall = model.components[:, head, 2]
    girth -= girth @ tall / (tall @ tall) * tall
    return girth / np.linalg.norm(girth)


def _with_bent_fingers(naked: Figure, length: float) -> Figure:
    """Shortens what is of the hands beyond the palms to a share: relaxed fingers are bent."""
    bones, vertices = body.model().bones, naked.vertices.copy()
    for side in gait.SIDES:
        bone = bones.index(f"hand_{side}")
        hand = (naked.parts == Part.HAND) & (naked.weights.argmax(axis=1) == bone)
        away = vertices[hand] - naked.joints[bone]
        axis = away.mean(axis=0) / np.linalg.norm(away.mean(axis=0))
        beyond = np.maximum(away @ axis - 0.06, 0)
        vertices[hand] -= (1 - length) * beyond[:, None] * axis
    return dataclasses.replace(naked, vertices=vertices)


def draw_naked(rng: np.random.Generator, female: bool) -> Figure:
    """Draws a body: wider in its range than `body.model` alone, from thin to heavy."""
    model = body.model()
    sex = 0 if female else 1
    spread = model.gender_factor[sex] @ rng.normal(size=len(model.components))
    heaviness = min(rng.gamma(2.0, 1.0) - 1.5, 3.4)
    shape = model.gender_mean[sex] + 1.2 * spread + 0.7 * heaviness * _heavy()
    naked = _with_bent_fingers(body.shape_body(shape), rng.uniform(0.25, 0.7))
    fat = 0.006 + 0.014 * max(heaviness, -0.6) * rng.uniform(0.6, 1.3)
    pear = rng.normal(0, 0.25)
    share = {Part.TORSO: 1 - pear, Part.HIPS: 1 + pear, Part.THIGH: 1 + pear}
    offset = naked.by_part({part: own * share.get(part, 1.0) for part, own in _FAT.items()})
    # The belly is in front, below the chest.
    hip = naked.joints[model.bones.index("thigh_left")]
    belly = np.exp(-np.square((naked.vertices[:, 2] - hip[2] - 0.17) / 0.12))
    trunk = np.isin(naked.parts, [Part.TORSO, Part.HIPS])
    front = (naked.vertices[:, 0] > 0) & trunk
    outwards = body.normals(naked.vertices, naked.faces)
    offset = fat * (offset + rng.uniform(0, 1.6) * belly * front) * outfit.lying(naked, outwards)
    moved = naked.vertices + outfit.evened(offset, naked.faces, 6)[:, None] * outwards
    broad = rng.normal(1.02, 0.055)
    stretch = np.array([1.0, broad, 1.0])
    return dataclasses.replace(naked, vertices=moved * stretch, joints=naked.joints * stretch)


def _aged(rng: np.random.Generator, style: gait.Style) -> gait.Style:
    """The style of somebody old or tired: bent, in short steps, with stiff arms."""
    age = rng.uniform(0.3, 1.0)
    return dataclasses.replace(
        style,
        cadence=style.cadence * (1 - 0.08 * age),
        amplitude=style.amplitude * (1 - 0.18 * age),
        offset=style.offset + age * np.array([4.0, 9.0, 3.0]),
        lean=style.lean + age * rng.uniform(2, 12),
        stoop=style.stoop + age * rng.uniform(4, 16),
        arm_swing=style.arm_swing * (1 - 0.4 * age),
        elbow=style.elbow + age * rng.uniform(0, 20),
    )


def _beside(figure: Figure) -> float:
    """By how many degrees the arms must be spread to hang beside the trunk in its clothes."""
    bones = body.model().bones
    shoulder = figure.joints[bones.index("upper_arm_left")]
    wrist = figure.joints[bones.index("hand_left")]
    length = np.linalg.norm(wrist - figure.joints[bones.index("forearm_left")])
    length += np.linalg.norm(figure.joints[bones.index("forearm_left")] - shoulder)
    trunk = np.isin(figure.parts, [Part.TORSO, Part.HIPS, Part.COAT])
    points = figure.vertices[trunk]
    down = (shoulder[2] - points[:, 2]) / length
    near = (down > 0.45) & (down < 1.05)
    # The middle of the arm, three centimetres within its outside.
    angle = np.arctan2(points[near, 1] + 0.015 - shoulder[1], down[near] * length)
    return float(np.degrees(angle.max()))


def draw_person(rng: np.random.Generator) -> Person:
    """Draws somebody."""
    female = bool(rng.random() < 0.5)
    naked = draw_naked(rng, female)
    leg = naked.joints[body.model().bones.index("thigh_left"), 2]
    style = gait.draw_style(rng, leg)
    if rng.random() < _OLD:
        style = _aged(rng, style)
    clothes = outfit.draw_outfit(rng, female)
    figure = outfit.dress(naked, clothes)
    # A tight skirt shortens the steps.
    tight = 1.0 if clothes.skirt < 0.9 or clothes.flare > 0.02 else 0.85
    style = dataclasses.replace(
        style,
        amplitude=style.amplitude * tight * rng.normal(1.08, 0.12),
        arm_spread=np.maximum(
            style.arm_spread, np.minimum(_beside(figure), _WIDEST) + rng.uniform(-1, 7)
        ),
    )
    return Person(figure, gait.draw_walk(rng, style), pace.draw_stance(rng, style))
