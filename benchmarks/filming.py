"""Films made people in made places, with the truth: who is where, and what is behind them.

People are `tfds_casia.walkers.standin`s with clothes of `tfds_casia.walkers.colour`. Axes and
colours are those of `filmed_places`.
"""

import dataclasses

import cv2
import filmed_places
import numpy as np
from filmed_places import Sprite, View

from tfds_casia.walkers import body, colour, raster, rhythm, standin
from tfds_casia.walkers.body import Figure, Part
from tfds_casia.walkers.scene import Light

# What a take may say of its light and of what stands around.
LIGHTS = ("", "lamp", "drift", "cloud", "night")
PROPS = {
    "pole": lambda take, rng: filmed_places.pole(take.frames),
    "tree": lambda take, rng: filmed_places.tree(rng, take.frames, take.rate),
    "screen": lambda take, rng: filmed_places.screen(rng, take.frames),
}

_SOFT = Light(np.array([0.3, -0.5, 0.81]), 0.6)
# How dark shadows are: of the sun, and under a body.
_SUN_SHADOW, _CONTACT = 0.5, 0.35
# Share of a pattern that has its second colour.
_STRIPES = 0.45


@dataclasses.dataclass(frozen=True)
class Walk:
    """How somebody goes.

    Attributes:
      start: where they are in the first frame, metres (x, y).
      heading: degrees: 0 to the right, 90 away from the camera, 180 to the left, 270 towards it.
      pace: (share of the clip, metres a second), straight between; a single one for all of it.
      carries: "", "bag" or "pram".
      like_wall: whether their clothes have the wall's colour.
    """

    start: tuple[float, float]
    heading: float = 0.0
    pace: tuple[tuple[float, float], ...] = ((0.0, 1.25),)
    carries: str = ""
    like_wall: bool = False


@dataclasses.dataclass(frozen=True)
class Take:
    """All that a clip is made of.

    Attributes:
      walks: one for each person.
      tall: pixels that somebody of 1.75 m measures at the origin.
      size: width and height, pixels.
      frames: how many.
      rate: a second.
      low: see `filmed_places.View`.
      props: some of `PROPS`.
      sun: degrees above the horizon; 0 for a covered sky.
      light: one of `LIGHTS`.
      shake: standard deviation of the camera's jitter, pixels.
      pan: pixels a frame by which the camera turns to the right.
      noise: standard deviation of the sensor's noise, grey levels.
      crf: of H.264; 18 is good, 40 is bad.
    """

    walks: tuple[Walk, ...]
    tall: float = 200.0
    size: tuple[int, int] = (640, 360)
    frames: int = 60
    rate: int = 25
    low: float = 0.0
    props: tuple[str, ...] = ()
    sun: float = 0.0
    light: str = ""
    shake: float = 0.0
    pan: float = 0.0
    noise: float = 2.0
    crf: int = 20


@dataclasses.dataclass(frozen=True)
class Filmed:
    """A clip with its truth, T frames of P people.

    Attributes:
      frames: what the camera gives, [T, H, W, 3] uint8 blue, green, red.
      empty: the same without people, their shadows and noise.
      visible: pixels that show each person, bool [P, T, H, W].
      whole: whether the picture's border cuts nothing off them, and no more than half is behind
        something, bool [P, T].
    """

    frames: np.ndarray
    empty: np.ndarray
    visible: np.ndarray
    whole: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Body:
    """Somebody who moves: vertices in metres [T, V, 3], colours of the faces [F, 3]."""

    figure: Figure
    topology: raster.Topology
    vertices: np.ndarray
    colours: np.ndarray


def film(take: Take, rng: np.random.Generator) -> Filmed:
    """Films.

    Args:
      take: what.
      rng: who they are, what they wear, and where.
    """
    view = View.of(take.size, take.tall, take.low)
    shifts = rng.normal(0, take.shake, (take.frames, 2)) if take.shake else 0
    shifts = shifts - np.outer(np.arange(take.frames), [take.pan, 0.0])
    margin = int(np.abs(shifts).max()) + 2
    place, wall = filmed_places.draw(rng, view, margin)
    sprites = [PROPS[name](take, rng) for name in take.props]
    bodies = []
    for walk in take.walks:
        who, carried = _walked(walk, take, rng, wall)
        bodies.append(who)
        sprites += carried
    gain = _gains(take)
    light, sun = _SOFT, np.array([0.0, 0.0, 1.0])
    if take.sun:
        rise, turn = np.radians(take.sun), np.radians(25)
        sun = np.array([np.cos(turn), np.sin(turn), np.tan(rise)])
        light = Light(sun / np.linalg.norm(sun), 0.45)
    frames, empty, visible, whole = [], [], [], []
    for t, shift in enumerate(shifts):
        moved = np.array([[1, 0, shift[0] - margin], [0, 1, shift[1] - margin]])
        behind = cv2.warpAffine(place, moved, take.size, flags=cv2.INTER_LINEAR)
        layers = [(*sprite.seen(view, t, shift), None) for sprite in sprites]
        bare = _laid(behind, layers, 0)[0]
        shaded = behind.copy()
        for one in bodies:
            _shade(shaded, one.vertices[t], one.topology, view, shift, np.array([0, 0, 1.0]))
            if take.sun:
                _shade(shaded, one.vertices[t], one.topology, view, shift, sun)
        people = [_drawn(one, t, view, shift, light) for one in bodies]
        layers += [(picture, depth, i) for i, (picture, depth, _) in enumerate(people)]
        picture, seen = _laid(shaded, layers, len(bodies))
        noisy = picture * gain[t] + rng.normal(0, take.noise, picture.shape).astype(np.float32)
        frames.append(_bytes(noisy))
        empty.append(_bytes(bare * gain[t]))
        visible.append(seen)
        whole.append(
            [
                inside and 2 * mask.sum() >= (drawn[..., 3] > 0.5).sum() > 0
                for mask, (drawn, _, inside) in zip(seen, people, strict=True)
            ]
        )
    return Filmed(
        np.stack(frames),
        np.stack(empty),
        np.stack(visible, axis=1),
        np.array(whole, bool).reshape(take.frames, -1).T,
    )


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _gains(take: Take) -> list[np.ndarray | float]:
    """By what the light of each frame multiplies the picture: numbers, or [H, W, 1]."""
    share = np.linspace(0, 1, take.frames)
    if take.light == "lamp":
        return list(np.where(share < 0.5, 1.0, 0.68))
    if take.light == "drift":
        return list(1.1 - 0.4 * share)
    if take.light == "night":
        return [0.3] * take.frames
    if take.light == "cloud":
        # Its soft edge goes over the place, and back.
        edge = 1.6 - 3.2 * np.abs(share - 0.5) / 0.5
        aside = np.linspace(-1, 1, take.size[0])[:, None]
        return [(1 - 0.4 / (1 + np.exp((aside - at) / 0.25)))[None].astype(np.float32)
                for at in edge]  # fmt: skip
    return [1.0] * take.frames


def _walked(
    walk: Walk, take: Take, rng: np.random.Generator, wall: np.ndarray
) -> tuple[_Body, list[Sprite]]:
    """Somebody, and what they carry."""
    someone = standin.draw(int(rng.integers(2**31)))
    shares, speeds = zip(*walk.pace, strict=True)
    speed = np.interp(np.linspace(0, 1, take.frames), shares, speeds)
    steps = rhythm.own(speed, someone.pace.preference, rng.random(), float(take.rate))
    pose, figure = someone.pose(steps), someone.figure
    vertices = body.skin(figure.vertices, figure.weights, figure.joints, pose)
    cosine, sine = np.cos(np.radians(walk.heading)), np.sin(np.radians(walk.heading))
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    way = np.pad(steps.path(), ((0, 0), (0, 1))) @ turn + [*walk.start, 0.0]
    vertices = vertices @ turn + way[:, None]
    colours = _dressed(figure, rng, wall if walk.like_wall else None)
    carried = []
    if walk.carries == "bag":
        hand = figure.weights[:, body.model().bones.index("hand_right")] > 0.5
        # Before the leg, as the camera sees it.
        carried = [filmed_places.bag(vertices[:, hand].mean(axis=1) - [0, 0.35, 0])]
    elif walk.carries == "pram":
        carried = [filmed_places.pram(way, np.full(take.frames, walk.heading))]
    return _Body(figure, someone.topology, vertices, colours), carried


def _dressed(figure: Figure, rng: np.random.Generator, wall: np.ndarray | None) -> np.ndarray:
    """Colours of a figure's faces, [F, 3]."""
    _, clothes = colour.draw_clothes(rng, rng, sleeves=True)
    parts = figure.parts[figure.faces[:, 0]]
    middle = figure.vertices[figure.faces].mean(axis=1)
    found = np.empty((len(parts), 3))
    for part, cloth in clothes.items():
        mine = parts == part
        on = (middle[mine, 2] / cloth.size % 1 < _STRIPES) & bool(cloth.pattern)
        found[mine] = cloth.colours[on.astype(int)]
        if wall is not None and part not in (Part.FACE, Part.HAIR, Part.HAND):
            found[mine] = 0.95 * wall
    return found


def _windowed(points: np.ndarray) -> tuple[np.ndarray, raster.Window]:
    """Pixels [V, 2] as one frame of sub-pixels, and a window that holds them."""
    fine = np.round(points * raster.SUBPIXELS).astype(np.int64)[None]
    return fine, raster.Window.around(fine)


def _shade(
    picture: np.ndarray,
    vertices: np.ndarray,
    topology: raster.Topology,
    view: View,
    shift: np.ndarray,
    sun: np.ndarray,
) -> None:
    """Darkens the ground in somebody's shadow, in place; `sun` is where it stands, [3]."""
    straight = sun[2] == 1 and not sun[:2].any()
    flat = vertices - vertices[:, 2:] * sun / sun[2]
    if straight:
        flat[:, 2] = 0
    points, window = _windowed(view.project(flat)[0] + shift)
    mask = raster.silhouettes(points, topology, window)
    mask = window.paste(mask, picture.shape[:2])[0].astype(np.float32) / 255
    feet = np.ptp(points[0, :, 0]) / raster.SUBPIXELS
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.08 * feet, 1.0) if straight else 1.2)
    picture *= 1 - (_CONTACT if straight else _SUN_SHADOW) * mask[..., None]


def _drawn(
    one: _Body, frame: int, view: View, shift: np.ndarray, light: Light
) -> tuple[np.ndarray, float, bool]:
    """Somebody in a frame: ([H, W, 4] float32 with the mask last, metres away, not cut off)."""
    vertices, faces = one.vertices[frame], one.figure.faces
    pixels, depths = view.project(vertices)
    points, window = _windowed(pixels + shift)
    mask = standin.one_region(raster.silhouettes(points, one.topology, window)[0])
    near = raster.nearest_faces(points, depths[None], faces, window)[0]
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    colours = one.colours * light.on(normals)[:, None]
    drawn = np.zeros((*mask.shape, 4), np.float32)
    drawn[..., :3] = np.where((near >= 0)[..., None], colours[near], 60)
    drawn[..., 3] = mask > 0
    width, height = view.size
    whole = window.paste(drawn[None], (height, width))[0]
    inside = bool((whole[..., 3] > 0).sum() == (mask > 0).sum())
    return whole, float(depths.mean()), inside


def _laid(
    behind: np.ndarray, layers: list[tuple[np.ndarray, float, int | None]], people: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lays layers over a picture, the farthest first: (picture, visible pixels of each person)."""
    picture = behind.copy()
    visible = np.zeros((people, *behind.shape[:2]), bool)
    for layer, _, person in sorted(layers, key=lambda layer: -layer[1]):
        cover = layer[..., 3]
        mask = cover > 0.5
        visible &= ~mask
        if person is not None:
            visible[person] = mask
            # Pixels at the outline show some of what is behind them.
            cover = cover * (0.4 + 0.6 * cv2.blur(cover, (3, 3)))
        picture += cover[..., None] * (layer[..., :3] - picture)
    return picture, visible
