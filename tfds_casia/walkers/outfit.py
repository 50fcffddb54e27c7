"""What stand-ins wear: more kinds of clothes and headwear than the data set's walkers have."""

import dataclasses

import numpy as np

from tfds_casia.walkers import body, wardrobe
from tfds_casia.walkers.body import Figure, Part

HEADWEAR = ("none", "beanie", "cap", "hat", "hood", "scarf")


@dataclasses.dataclass(frozen=True)
class Outfit:
    """Clothes; metres.

    Attributes:
        chest: how far the upper clothes stand off the trunk.
        arms: how far they stand off the arms; short sleeves end at the elbow.
        sleeves: whether they are long.
        hips: how far the clothes stand off the hips.
        thighs: how far they stand off the thighs.
        hem: how far trousers stand off above the feet; bare shanks are at 0.
        sole: thickness of the soles.
        shoes: how far shoes stand off the feet.
        skirt: length of a skirt, a dress, a coat or a jacket's lower part below the waist: 0 for
            none, 0.3 covers the hips, 1 ends at the knees, 1.8 at the ankles.
        flare: how much wider each way it is at the knees than at the hips.
        gap: how far it stands off the hips.
        hair: thickness of the hair.
        mane: length of loose hair below the crown, 0 for none.
        bun: radius of a bun or ponytail, 0 for none.
        headwear: one of `HEADWEAR`.
        collar: how far clothes stand off the neck.
    """

    chest: float
    arms: float
    sleeves: bool
    hips: float
    thighs: float
    hem: float
    sole: float
    shoes: float
    skirt: float
    flare: float
    gap: float
    hair: float
    mane: float
    bun: float
    headwear: str
    collar: float


# What is drawn, and how often by women and by men.
_LOWER = {
    "trousers": (0.42, 0.70),
    "wide trousers": (0.16, 0.20),
    "shorts": (0.06, 0.10),
    "skirt": (0.36, 0.0),
}
_UPPER = {"shirt": (0.45, 0.45), "jacket": (0.35, 0.35), "coat": (0.2, 0.2)}
_HEADWEAR = dict(
    zip(
        HEADWEAR,
        ((0.66, 0.62), (0.07, 0.12), (0.05, 0.12), (0.05, 0.05), (0.06, 0.09), (0.11, 0.0)),
        strict=True,
    )
)
_HAIR = {
    (0.004, 0.014): (0.4, 0.4),
    (0.012, 0.032): (0.48, 0.48),
    (0.03, 0.06): (0.12, 0.12),
}
_SOLES = {(0.012, 0.03): (0.8, 0.8), (0.03, 0.05): (0.2, 0.2)}

# How far clothes stand off: at the trunk and at the arms, at the thighs and at the hem; least and
# most, metres.
_UPPER_SIZE = {
    "shirt": ((0.004, 0.036), (0.004, 0.028)),
    "jacket": ((0.02, 0.075), (0.018, 0.050)),
    "coat": ((0.02, 0.065), (0.018, 0.045)),
}
_LOWER_SIZE = {
    "trousers": ((0.006, 0.022), (0.006, 0.036)),
    "wide trousers": ((0.015, 0.035), (0.035, 0.075)),
    "shorts": ((0.015, 0.04), (0.0, 0.0)),
    "skirt": ((0.006, 0.006), (0.0, 0.0)),
}


def _choose(rng: np.random.Generator, table: dict, female: bool):
    """Draws one of a table's keys, as often as it says for women and for men."""
    share = np.array([pair[0 if female else 1] for pair in table.values()])
    return list(table)[rng.choice(len(table), p=share)]


def draw_outfit(rng: np.random.Generator, female: bool) -> Outfit:
    """Draws clothes; `rng` is the person's."""
    lower, upper = _choose(rng, _LOWER, female), _choose(rng, _UPPER, female)
    chest, arms = (rng.uniform(*limits) for limits in _UPPER_SIZE[upper])
    thighs, hem = (rng.uniform(*limits) for limits in _LOWER_SIZE[lower])
    skirt, flare = _draw_skirt(rng, upper, lower)
    long = rng.random() < (0.4 if female else 0.06)
    tied = rng.random() < (0.4 if female else 0.04)
    thick = upper != "shirt"
    return Outfit(
        chest=chest,
        arms=arms,
        sleeves=bool(thick or rng.random() < 0.55),
        hips=thighs + (chest / 2 if thick else 0.004),
        thighs=thighs + hem / 3,
        hem=hem,
        sole=rng.uniform(*_choose(rng, _SOLES, female)),
        shoes=rng.uniform(0.008, 0.018),
        skirt=skirt,
        flare=flare,
        gap=rng.uniform(0.004, 0.016),
        hair=rng.uniform(*_choose(rng, _HAIR, female)),
        mane=rng.uniform(0.18, 0.5) if long else 0.0,
        bun=rng.uniform(0.025, 0.05) if tied and not long else 0.0,
        headwear=_choose(rng, _HEADWEAR, female),
        collar=rng.uniform(0.01, 0.035) if thick else 0.0,
    )


def _draw_skirt(rng: np.random.Generator, upper: str, lower: str) -> tuple[float, float]:
    """Draws how long and how wide what hangs from the waist is."""
    skirt, flare = 0.0, 0.0
    if lower == "skirt":
        short = rng.random() < 0.5
        skirt = rng.uniform(0.6, 1.05) if short else rng.uniform(1.0, 1.75)
        tight = rng.random() < 0.5
        # Longer skirts are as wide at their hem.
        flare = rng.uniform(-0.02, 0.03) if tight else rng.uniform(0.03, 0.14 if short else 0.07)
    if upper == "coat":
        return max(skirt, rng.uniform(0.4, 1.4)), max(flare, rng.uniform(0, 0.07))
    if not skirt and rng.random() < 0.5:
        # A long shirt or jacket hangs over the hips.
        return rng.uniform(0.15, 0.4), rng.uniform(0, 0.03)
    return skirt, flare


def dress(naked: Figure, outfit: Outfit) -> Figure:
    """Dresses a body."""
    figure = dataclasses.replace(naked, vertices=_clothed(naked, outfit))
    if outfit.skirt:
        figure = _with_skirt(figure, outfit)
    return _with_headwear(figure, outfit)


def evened(values: np.ndarray, faces: np.ndarray, rounds: int) -> np.ndarray:
    """Means over neighbours in the mesh, some rounds of them, of values [V]."""
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    counts = np.bincount(start, minlength=len(values))
    for _ in range(rounds):
        total = np.bincount(start, weights=values[end], minlength=len(values))
        values = np.where(counts > 0, (values + total / np.maximum(counts, 1)) / 2, values)
    return values


def lying(figure: Figure, outwards: np.ndarray) -> np.ndarray:
    """Which share of its thickness is left of what lies on the shoulders, [V].

    Args:
        figure: the body.
        outwards: its normals, [V, 3].
    """
    upper = np.isin(figure.parts, [Part.TORSO, Part.UPPER_ARM])
    return np.where(upper, 1 - 0.75 * np.clip(outwards[:, 2], 0, 1), 1.0)


def _clothed(naked: Figure, outfit: Outfit) -> np.ndarray:
    """The body's vertices, moved outwards by what is worn over them."""
    bones = body.model().bones
    thickness = {
        Part.HAIR: outfit.hair,
        Part.TORSO: outfit.chest,
        Part.UPPER_ARM: outfit.arms,
        Part.FOREARM: outfit.arms if outfit.sleeves else 0.0,
        # Fingers are thin in the mesh.
        Part.HAND: 0.005,
        Part.HIPS: outfit.hips,
        Part.THIGH: outfit.thighs,
        Part.SHANK: outfit.hem,
        Part.FOOT: outfit.shoes,
    }
    offset = naked.by_part(thickness)
    # Trousers grow from the knee to their hem.
    knee, ankle = (naked.joints[bones.index(f"{name}_left"), 2] for name in ("shank", "foot"))
    share = np.clip((knee - naked.vertices[:, 2]) / (knee - ankle), 0, 1)
    shank = naked.parts == Part.SHANK
    offset[shank] = ((1 - share) * min(outfit.thighs, outfit.hem) + share * outfit.hem)[shank]
    neck = naked.weights[:, bones.index("neck")] > 0.5
    offset[neck] = np.maximum(offset[neck], outfit.collar)
    outwards = body.normals(naked.vertices, naked.faces)
    offset = evened(offset * lying(naked, outwards), naked.faces, 1)
    moved = naked.vertices + offset[:, None] * outwards
    sole = (naked.parts == Part.FOOT) & (naked.vertices[:, 2] < 0.03)
    moved[sole, 2] = naked.vertices[sole, 2] - outfit.sole
    return moved


def _with_skirt(figure: Figure, outfit: Outfit, columns: int = 24) -> Figure:
    """Adds a tube that hangs from the waist, follows the thighs, and the shanks by half."""
    bones = body.model().bones
    hip, knee, ankle = (
        figure.joints[bones.index(f"{name}_left")] for name in ("thigh", "shank", "foot")
    )
    top = hip[2] + 0.16
    below = min(outfit.skirt, 1.0) * (hip[2] - knee[2]) + max(outfit.skirt - 1, 0) * (
        knee[2] - ankle[2]
    )
    rows = 5 + round(6 * outfit.skirt)
    height = np.linspace(top, hip[2] - below, rows)[:, None]
    low, high = wardrobe.extents(figure, height[:, 0])
    middle, half = (low + high) / 2, (high - low) / 2
    down = np.clip((hip[2] + 0.05 - height) / (hip[2] + 0.05 - knee[2]), 0, 1.8)
    # At its upper end it lies against the trunk.
    hang = np.clip((top - height) / 0.08, 0, 1)
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    grow = outfit.gap * hang + outfit.flare * down
    x = middle[:, :1] + (half[:, :1] + grow) * np.cos(around)
    y = (half[:, 1:] + grow) * np.sin(around)
    tube = np.stack([x, y, np.broadcast_to(height, x.shape)], axis=-1).reshape(-1, 3)
    height, down = np.broadcast_to(height, x.shape).ravel(), np.broadcast_to(down, x.shape).ravel()
    follow = np.clip(1.6 * np.minimum(down, 1), 0, 0.95)
    past = np.clip((knee[2] + 0.05 - height) / (knee[2] - ankle[2]), 0, 1)
    left = np.clip(0.5 + tube[:, 1] / 0.16, 0, 1)
    weights = wardrobe.of_bones(len(tube), pelvis=1.0)
    weights[:, bones.index("pelvis")] -= follow
    for side, share in (("left", left), ("right", 1 - left)):
        weights[:, bones.index(f"thigh_{side}")] = follow * share * (1 - 0.6 * past)
        weights[:, bones.index(f"shank_{side}")] = follow * share * 0.6 * past
    return figure.with_piece(tube, wardrobe.grid_faces(rows, columns), weights, Part.COAT)


def _head(figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner of the head with its hair, metres, [3] each."""
    head = figure.weights[:, body.model().bones.index("head")] > 0.6
    points = figure.vertices[head & np.isin(figure.parts, [Part.FACE, Part.HAIR])]
    return points.min(axis=0), points.max(axis=0)


def _round(size: np.ndarray, blunt_by: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    return wardrobe.rounded_box(size, 9, 16, blunt_by), wardrobe.grid_faces(9, 16)


# What is worn on the head: rounded boxes, as (size, place, how blunt), size and place beside the
# middle of the head in sizes of the head with its hair.
_PIECES = {
    "none": (),
    "beanie": (((1.06, 1.1, 0.75), (0, 0, 0.22), 0.8),),
    "cap": (((1.03, 1.08, 0.62), (0, 0, 0.23), 0.8), ((0.75, 0.75, 0.1), (0.65, 0, 0.16), 0.7)),
    "hat": (((0.98, 1.02, 0.75), (0, 0, 0.3), 0.5), ((1.55, 1.8, 0.11), (0, 0, 0.18), 1.0)),
    "hood": (
        ((1.22, 1.22, 1.12), (-0.1, 0, 0.02), 0.85),
        ((1.05, 1.35, 1.1), (-0.18, 0, -0.58), 0.8),
    ),
    "scarf": (
        ((1.1, 1.1, 1.12), (-0.1, 0, 0.02), 0.85),
        ((1.05, 1.35, 1.1), (-0.18, 0, -0.58), 0.8),
    ),
}


def _with_headwear(figure: Figure, outfit: Outfit) -> Figure:
    low, high = _head(figure)
    middle, size = (low + high) / 2, high - low
    pieces = [
        (np.array(share) * size, middle + np.array(place) * size, blunt_by)
        for share, place, blunt_by in _PIECES[outfit.headwear]
    ]
    if outfit.bun and outfit.headwear in ("none", "cap"):
        back = [low[0] - 0.2 * outfit.bun, 0, high[2] - 0.35 * size[2]]
        pieces.append((2 * outfit.bun * np.array([1, 1, 1.3]), np.array(back), 1.0))
    if outfit.mane and outfit.headwear != "hood":
        fall = np.array([0.55 * size[0], 1.08 * size[1], outfit.mane])
        back = [low[0] + 0.24 * size[0], 0, high[2] - 0.05 - outfit.mane / 2]
        pieces.append((fall, np.array(back), 0.7))
    bones = body.model().bones
    for extent, place, blunt_by in pieces:
        points = wardrobe.rounded_box(extent, 9, 16, blunt_by) + place
        # What hangs below the head lies on the shoulders.
        share = 0.8 * np.clip((low[2] + 0.06 - points[:, 2]) / 0.12, 0, 1)
        weights = wardrobe.of_bones(len(points), head=1.0)
        weights[:, bones.index("head")] -= share
        weights[:, bones.index("chest")] = 0.6 * share
        weights[:, bones.index("neck")] = 0.4 * share
        figure = figure.with_piece(points, wardrobe.grid_faces(9, 16), weights, Part.HAIR)
    return figure
