"""What walkers wear and carry: hair, clothes, coats and bags, as changes and pieces of the mesh."""

import dataclasses

import numpy as np

from tfds_casia.walkers import body, motion
from tfds_casia.walkers.body import Figure, Part

CONDITIONS = ("bg", "cl", "nm")
BAGS = ("backpack", "shoulder bag", "handbag")


@dataclasses.dataclass(frozen=True)
class Wardrobe:
    """A person's clothes, the same in all sequences of a condition; metres.

    Attributes:
        hair: thickness of the hair.
        bun: radius of a bun or ponytail, 0 for none.
        shirt: how far the upper clothes stand off the body.
        sleeves: whether they are long.
        trousers: how far the lower clothes stand off, at the hips and at the hem, [2].
        sole: thickness of the shoes' soles.
        coat: how far the coat stands off the body.
        coat_length: where the coat ends: 0 at the hips, 1 at the knees.
        coat_flare: how much wider each way it is at its hem.
        bag: one of `BAGS`.
        bag_side: index of the side on which a bag is carried, in the order of `gait.SIDES`.
        bag_size: length, breadth and height of the bag, [3].
    """

    hair: float
    bun: float
    shirt: float
    sleeves: bool
    trousers: np.ndarray
    sole: float
    coat: float
    coat_length: float
    coat_flare: float
    bag: str
    bag_side: int
    bag_size: np.ndarray

    def free_arms(self, condition: str) -> np.ndarray:
        """Which share of its swing each arm keeps, [2], in the order of `gait.SIDES`."""
        share = np.ones(2)
        if condition == "bg" and self.bag != "backpack":
            share[self.bag_side] = 0.35
        if condition == "cl":
            share *= 0.85
        return share

    def today(self, rng: np.random.Generator) -> "Wardrobe":
        """The same clothes as they sit on another day; `rng` is the walk's."""
        shirt, lower, coat = np.maximum(rng.normal(1, 0.25, 3), 0.3)
        return dataclasses.replace(
            self, shirt=self.shirt * shirt, trousers=self.trousers * lower, coat=self.coat * coat
        )


_BAG_SIZE = {
    "backpack": (0.17, 0.30, 0.42),
    "shoulder bag": (0.32, 0.11, 0.26),
    "handbag": (0.30, 0.11, 0.27),
}


def draw_wardrobe(rng: np.random.Generator, female: bool) -> Wardrobe:
    """Draws a person's clothes; `rng` is the person's."""
    bag = BAGS[rng.integers(len(BAGS))]
    return Wardrobe(
        hair=rng.uniform(0.008, 0.03),
        bun=rng.uniform(0.03, 0.045) if rng.random() < (0.55 if female else 0.05) else 0.0,
        shirt=rng.uniform(0.008, 0.032),
        sleeves=bool(rng.random() < 0.6),
        trousers=rng.uniform([0.006, 0.012], [0.02, 0.036]),
        sole=rng.uniform(0.015, 0.03),
        coat=rng.uniform(0.028, 0.055),
        coat_length=rng.uniform(0.25, 1.0),
        coat_flare=rng.uniform(0.0, 0.07),
        bag=bag,
        bag_side=int(rng.integers(2)),
        bag_size=np.array(_BAG_SIZE[bag]) * rng.uniform(0.85, 1.2, 3),
    )


def dress(naked: Figure, wardrobe: Wardrobe, condition: str) -> Figure:
    """Dresses a body for a condition.

    Args:
        naked: see `body.shape_body`.
        wardrobe: the person's.
        condition: one of `CONDITIONS`.

    Returns:
        The figure, with pieces for hair, coat and bag where there are any.
    """
    figure = dataclasses.replace(naked, vertices=_clothed(naked, wardrobe, condition == "cl"))
    if wardrobe.bun:
        figure = _with_bun(figure, wardrobe.bun)
    if condition == "cl":
        figure = _with_skirts(figure, wardrobe)
    if condition == "bg":
        figure = _with_bag(figure, wardrobe)
    return figure


def _clothed(naked: Figure, wardrobe: Wardrobe, coat: bool) -> np.ndarray:
    """The body's vertices, moved outwards by what is worn over them."""
    upper = wardrobe.coat if coat else wardrobe.shirt
    thickness = {
        Part.FACE: 0.0,
        Part.HAIR: wardrobe.hair,
        Part.TORSO: upper,
        Part.UPPER_ARM: upper * 0.8,
        Part.FOREARM: upper * 0.7 if coat or wardrobe.sleeves else 0.0,
        Part.HAND: 0.0,
        Part.HIPS: upper if coat else wardrobe.trousers[0],
        Part.THIGH: wardrobe.trousers.mean(),
        Part.SHANK: wardrobe.trousers[1],
        Part.FOOT: 0.012,
    }
    offset = np.array([thickness[Part(part)] for part in naked.parts])
    moved = naked.vertices + offset[:, None] * body.normals(naked.vertices, naked.faces)
    sole = (naked.parts == Part.FOOT) & (naked.vertices[:, 2] < 0.03)
    moved[sole, 2] = naked.vertices[sole, 2] - wardrobe.sole
    return moved


def grid_faces(rows: int, columns: int) -> np.ndarray:
    """Faces of rows of vertices, each row a closed ring that runs counter-clockwise from above."""
    row, column = np.mgrid[: rows - 1, :columns]
    here = row * columns + column
    aside = row * columns + (column + 1) % columns
    lower = [here, here + columns, aside], [aside, here + columns, aside + columns]
    return np.concatenate([np.stack(corner, axis=-1).reshape(-1, 3) for corner in lower])


def rounded_box(
    size: np.ndarray, rows: int = 9, columns: int = 16, blunt_by: float = 0.4
) -> np.ndarray:
    """Vertices of a box with round corners about the origin, in rings from top to bottom.

    Args:
        size: length, breadth and height, metres, [3].
        rows: of vertices.
        columns: of vertices.
        blunt_by: 1 makes an ellipsoid, less what is more like a box.
    """
    polar = np.linspace(0, np.pi, rows)[:, None]
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)

    def blunt(value: np.ndarray) -> np.ndarray:
        return np.sign(value) * np.abs(value) ** blunt_by

    ring = blunt(np.sin(polar))
    x, y = ring * blunt(np.cos(around)), ring * blunt(np.sin(around))
    z = np.broadcast_to(blunt(np.cos(polar)), x.shape)
    return np.stack([x, y, z], axis=-1).reshape(-1, 3) * size / 2


def of_bones(count: int, **shares: float) -> np.ndarray:
    """Weights [count, B] that follow the named bones by the given shares."""
    weights = np.zeros((count, len(body.model().bones)))
    for bone, share in shares.items():
        weights[:, body.model().bones.index(bone)] = share
    return weights


def _with_bun(figure: Figure, radius: float) -> Figure:
    scalp = figure.vertices[figure.parts == Part.HAIR]
    back = scalp[scalp[:, 0].argmin()]
    ball = rounded_box(np.full(3, 2 * radius) * [1, 1, 1.3], 6, 10)
    ball += back + [0.1 * radius, -back[1], -1.2 * radius]
    weights = of_bones(len(ball), head=1.0)
    return figure.with_piece(ball, grid_faces(6, 10), weights, Part.HAIR)


def extents(figure: Figure, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest x and y of trunk and legs around each height, metres, [R, 2] each.

    Further down nothing is narrower: cloth hangs from the widest place.
    """
    below = [Part.HIPS, Part.TORSO, Part.THIGH, Part.SHANK]
    covered = figure.vertices[np.isin(figure.parts, below)]
    low, high = np.full((2, len(heights), 2), np.nan)
    for row, height in enumerate(heights):
        # The thighs stand apart at rest, the cloth follows them when they hang straight.
        near = covered[np.abs(covered[:, 2] - height) < 0.05, :2]
        low[row], high[row] = near.min(axis=0), near.max(axis=0)
    return np.minimum.accumulate(low), np.maximum.accumulate(high)


def _with_skirts(figure: Figure, wardrobe: Wardrobe, rows: int = 8, columns: int = 24) -> Figure:
    """Adds the coat below the waist: a tube that hangs from the hips and follows the thighs."""
    bones = body.model().bones
    hip = figure.joints[bones.index("thigh_left")]
    knee = figure.joints[bones.index("shank_left")]
    top, hem = hip[2] + 0.14, hip[2] + wardrobe.coat_length * (knee[2] - hip[2]) - 0.08
    height = np.linspace(top, hem, rows)[:, None]
    low, high = extents(figure, height[:, 0])
    middle, half = (low + high) / 2, (high - low) / 2
    down = np.clip((hip[2] + 0.05 - height) / (hip[2] + 0.05 - knee[2]), 0, 1)
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    grow = 0.01 + wardrobe.coat_flare * down
    x = middle[:, :1] + (half[:, :1] + grow) * np.cos(around)
    y = (half[:, 1:] + grow) * np.sin(around)
    tube = np.stack([x, y, np.broadcast_to(height, x.shape)], axis=-1).reshape(-1, 3)
    # Full where the thigh is, or it would come through the cloth.
    follow = np.clip(1.8 * np.broadcast_to(down, x.shape).ravel(), 0, 0.95)
    left = np.clip(0.5 + tube[:, 1] / 0.16, 0, 1)
    weights = of_bones(len(tube), pelvis=1.0)
    weights[:, bones.index("pelvis")] -= follow
    weights[:, bones.index("thigh_left")] = follow * left
    weights[:, bones.index("thigh_right")] = follow * (1 - left)
    figure = figure.with_piece(tube, grid_faces(rows, columns), weights, Part.COAT)
    parts = figure.parts.copy()
    parts[np.isin(parts, [Part.TORSO, Part.UPPER_ARM, Part.FOREARM, Part.HIPS])] = Part.COAT
    return dataclasses.replace(figure, parts=parts)


def _with_bag(figure: Figure, wardrobe: Wardrobe) -> Figure:
    bones, size = body.model().bones, wardrobe.bag_size
    box, faces = rounded_box(size), grid_faces(9, 16)
    torso = figure.vertices[figure.parts == Part.TORSO]
    outwards = -1.0 if wardrobe.bag_side == 0 else 1.0
    side = motion.SIDES[wardrobe.bag_side]
    if wardrobe.bag == "backpack":
        shoulder = figure.joints[bones.index("upper_arm_left"), 2]
        box += [torso[:, 0].min() - size[0] / 2 + 0.03, 0, shoulder - size[2] / 2]
        weights = of_bones(len(box), chest=1.0)
    elif wardrobe.bag == "shoulder bag":
        hips = np.abs(figure.vertices[figure.parts == Part.HIPS, 1]).max()
        pelvis = figure.joints[bones.index("pelvis")]
        box += pelvis + [-0.02, outwards * (hips + size[1] / 2 - 0.02), 0.0]
        weights = of_bones(len(box), pelvis=0.6, chest=0.4)
    else:
        # Made as it hangs from a hanging arm, then turned with the arm to where it is at rest.
        hang = motion.straighten(figure.joints)[f"hand_{side}"]
        wrist = figure.joints[bones.index(f"hand_{side}")]
        box = wrist + (box - [0, 0, 0.14 + size[2] / 2]) @ hang
        weights = of_bones(len(box), **{f"hand_{side}": 1.0})
    return figure.with_piece(box, faces, weights, Part.BAG)
