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


_LOWER = ("trousers", "wide trousers", "shorts", "skirt", "dress")
_UPPER = ("shirt", "jacket", "coat")


def draw_outfit(rng: np.random.Generator, female: bool) -> Outfit:
    """Draws clothes; `rng` is the person's."""
    lower = _LOWER[
        rng.choice(
            len(_LOWER), p=[0.42, 0.16, 0.06, 0.18, 0.18] if female else [0.7, 0.2, 0.1, 0, 0]
        )
    ]
    upper = _UPPER[rng.choice(len(_UPPER), p=[0.45, 0.35, 0.2])]
    chest, arms = {
        "shirt": (rng.uniform(0.004, 0.036), rng.uniform(0.004, 0.028)),
        "jacket": (rng.uniform(0.02, 0.075), rng.uniform(0.018, 0.050)),
        "coat": (rng.uniform(0.02, 0.065), rng.uniform(0.018, 0.045)),
    }[upper]
    trousers = {
        "trousers": (rng.uniform(0.006, 0.022), rng.uniform(0.006, 0.036)),
        "wide trousers": (rng.uniform(0.015, 0.035), rng.uniform(0.035, 0.075)),
        "shorts": (rng.uniform(0.015, 0.04), 0.0),
        "skirt": (0.006, 0.0),
        "dress": (0.006, 0.0),
    }[lower]
    # A long shirt or jacket hangs over the hips; a coat and a skirt reach further down.
    skirt, flare = 0.0, 0.0
    if lower in ("skirt", "dress"):
        skirt, flare = rng.choice([rng.uniform(0.6, 1.05), rng.uniform(1.0, 1.75)]), 0.0
        widest = 0.14 if skirt < 1.05 else 0.07
        flare = rng.choice([rng.uniform(-0.02, 0.03), rng.uniform(0.03, widest)])
    if upper == "coat":
        skirt, flare = max(skirt, rng.uniform(0.4, 1.4)), max(flare, rng.uniform(0, 0.07))
    elif not skirt and rng.random() < 0.5:
        skirt, flare = rng.uniform(0.15, 0.4), rng.uniform(0, 0.03)
    hair = rng.choice([rng.uniform(0.004, 0.014), rng.uniform(0.012, 0.032), rng.uniform(0.03, 0.06)],
                      p=[0.4, 0.48, 0.12])  # fmt: skip
    long = rng.random() < (0.4 if female else 0.06)
    headwear = HEADWEAR[
        rng.choice(
            len(HEADWEAR),
            p=[0.66, 0.07, 0.05, 0.05, 0.06, 0.11] if female else [0.62, 0.12, 0.12, 0.05, 0.09, 0],
        )
    ]
    return Outfit(
        chest=chest,
        arms=arms,
        sleeves=bool(upper != "shirt" or rng.random() < 0.55),
        hips=trousers[0] + (chest / 2 if upper != "shirt" else 0.004),
        thighs=trousers[0] + trousers[1] / 3,
        hem=trousers[1],
        sole=rng.choice([rng.uniform(0.012, 0.03), rng.uniform(0.03, 0.05)], p=[0.8, 0.2]),
        shoes=rng.uniform(0.008, 0.018),
        skirt=float(skirt),
        flare=float(flare),
        gap=rng.uniform(0.004, 0.016),
        hair=float(hair),
        mane=rng.uniform(0.18, 0.5) if long else 0.0,
        bun=rng.uniform(0.025, 0.05)
        if not long and rng.random() < (0.4 if female else 0.04)
        else 0,
        headwear=headwear,
        collar=rng.uniform(0.01, 0.035) if upper != "shirt" else 0.0,
    )


def dress(naked: Figure, outfit: Outfit) -> Figure:
    """Dresses a body."""
    figure = dataclasses.replace(naked, vertices=_clothed(naked, outfit))
    if outfit.skirt:
        figure = _with_skirt(figure, outfit)
    return _with_headwear(figure, outfit)


def evened(values: np.ndarray, faces: np.ndarray, rounds: int) -> np.ndarray:
    """Means over neighbours in the mesh, some rounds of them, of values [V]."""
    ends = np.concatenate([faces, np.roll(faces, 1, axis=1)]).reshape(-1, 3)
    start, end = ends[:, :2].ravel(), ends[:, 1:].ravel()
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
        Part.FACE: 0.0,
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
    offset = np.array([thickness[Part(part)] for part in naked.parts])
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


def _with_headwear(figure: Figure, outfit: Outfit) -> Figure:
    low, high = _head(figure)
    middle, size = (low + high) / 2, high - low
    pieces = []
    if outfit.bun and outfit.headwear in ("none", "cap"):
        ball, faces = _round(2 * outfit.bun * np.array([1, 1, 1.3]))
        pieces.append((ball + [low[0] - 0.2 * outfit.bun, 0, high[2] - 0.35 * size[2]], faces, 0.0))
    if outfit.mane and outfit.headwear != "hood":
        long = outfit.mane
        fall, faces = _round(np.array([0.55 * size[0], 1.08 * size[1], long]), 0.7)
        pieces.append((fall + [low[0] + 0.24 * size[0], 0, high[2] - 0.05 - long / 2], faces, 0.8))
    if outfit.headwear == "beanie":
        cap, faces = _round(size * [1.06, 1.1, 0.75], 0.8)
        pieces.append((cap + [middle[0] - 0.006, 0, high[2] - 0.28 * size[2]], faces, 0.0))
    elif outfit.headwear == "cap":
        crown, faces = _round(size * [1.03, 1.08, 0.62], 0.8)
        pieces.append((crown + [middle[0] - 0.006, 0, high[2] - 0.27 * size[2]], faces, 0.0))
        peak, faces = _round(np.array([0.15, 0.75 * size[1], 0.022]), 0.7)
        pieces.append((peak + [high[0] + 0.03, 0, high[2] - 0.34 * size[2]], faces, 0.0))
    elif outfit.headwear == "hat":
        crown, faces = _round(size * [0.98, 1.02, 0.75], 0.5)
        pieces.append((crown + [middle[0] - 0.006, 0, high[2] - 0.2 * size[2]], faces, 0.0))
        brim, faces = _round(np.array([size[0] + 0.11, size[1] + 0.13, 0.025]), 1.0)
        pieces.append((brim + [middle[0] - 0.006, 0, high[2] - 0.32 * size[2]], faces, 0.0))
    elif outfit.headwear in ("hood", "scarf"):
        wide = 1.22 if outfit.headwear == "hood" else 1.1
        cowl, faces = _round(size * [wide, wide, 1.12], 0.85)
        pieces.append((cowl + [middle[0] - 0.02, 0, middle[2] + 0.005], faces, 0.0))
        neck, faces = _round(np.array([1.05 * size[0], 1.35 * size[1], 0.26]), 0.8)
        pieces.append((neck + [middle[0] - 0.035, 0, low[2] - 0.02], faces, 0.7))
    for points, faces, trunk in pieces:
        # The lower down, the more it lies on the shoulders.
        share = trunk * np.clip((low[2] + 0.06 - points[:, 2]) / 0.12, 0, 1)
        weights = wardrobe.of_bones(len(points), head=1.0)
        bones = body.model().bones
        weights[:, bones.index("head")] -= share
        weights[:, bones.index("chest")] = 0.6 * share
        weights[:, bones.index("neck")] = 0.4 * share
        figure = figure.with_piece(points, faces, weights, Part.HAIR)
    return figure
