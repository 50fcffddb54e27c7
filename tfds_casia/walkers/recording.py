"""People, and recordings of them as CASIA-B has them: the same for the same seed, everywhere."""

import dataclasses
import functools

import numpy as np

from tfds_casia.walkers import body, camera, gait, motion, raster, wardrobe

# Frames are kept while the pelvis is so many metres from the middle of the scene, along the walk.
_REACH = 1.4
_MAX_SECONDS = 5.0

# What random numbers are drawn for; each purpose has a stream of its own, so that what one of them
# draws changes no other.
_PURPOSES = (
    "person",
    "walk",
    "scene",
    "clothes",
    "camera",
    "segmentation",
    "standin",
    "reader",
    "twins",
    "onlooker",
)


def stream(purpose: str, seed: int, *key: int) -> np.random.Generator:
    """Returns the stream of random numbers for a purpose and whatever it is drawn for."""
    sequence = np.random.SeedSequence([_PURPOSES.index(purpose), seed, *key])
    return np.random.Generator(np.random.PCG64(sequence))


@dataclasses.dataclass(frozen=True, order=True)
class WalkName:
    """Which walk of whom; orders as the keys of the data set.

    Attributes:
        subject: from 1.
        condition: one of `wardrobe.CONDITIONS`.
        sequence: from 1.
    """

    subject: int
    condition: str
    sequence: int

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The name as numbers, for `stream`."""
        return self.subject, wardrobe.CONDITIONS.index(self.condition), self.sequence

    def key(self, view: int) -> str:
        """The name of the walk as one camera sees it, e.g. `001-nm-01-090`."""
        return f"{self.subject:03d}-{self.condition}-{self.sequence:02d}-{view:03d}"


@dataclasses.dataclass(frozen=True)
class Person:
    """A body, a style of walking and clothes.

    Attributes:
        female: sex of the body.
        naked: the body.
        style: how they walk.
        wardrobe: what they wear.
    """

    female: bool
    naked: body.Figure
    style: gait.Style
    wardrobe: wardrobe.Wardrobe


@functools.lru_cache(maxsize=4)
def person(seed: int, subject: int) -> Person:
    """Returns a subject of a data set with this seed."""
    rng = stream("person", seed, subject)
    model = body.model()
    female = bool(rng.random() < 0.5)
    spread = model.gender_factor[0 if female else 1] @ rng.normal(size=len(model.components))
    naked = body.shape_body(model.gender_mean[0 if female else 1] + spread)
    leg = naked.joints[model.bones.index("thigh_left"), 2]
    return Person(female, naked, gait.draw_style(rng, leg), wardrobe.draw_wardrobe(rng, female))


@dataclasses.dataclass(frozen=True)
class Motion:
    """A walk in space, before any camera has seen it.

    Attributes:
        figure: the person as dressed for this walk.
        topology: of the figure's mesh.
        vertices: metres, [T, V, 3].
        pelvis: where it is, metres, [T, 3].
        joints: where the bones begin, in the order of `body.model().bones`, metres, [T, B, 3].
        cadence: steps a minute.
        phase: of the gait in cycles, see `gait`, [T].
    """

    figure: body.Figure
    topology: raster.Topology
    vertices: np.ndarray
    pelvis: np.ndarray
    joints: np.ndarray
    cadence: float
    phase: np.ndarray

    @functools.cached_property
    def normals(self) -> np.ndarray:
        """Unit normals of the vertices, pointing outwards, [T, V, 3]."""
        return body.normals(self.vertices, self.figure.faces)

    def part(self, frames: slice) -> "Motion":
        """Some of the frames."""
        names = "vertices", "pelvis", "joints", "phase"
        return dataclasses.replace(self, **{name: getattr(self, name)[frames] for name in names})


@functools.lru_cache(maxsize=3)
def _topology(seed: int, subject: int, condition: str) -> raster.Topology:
    who = person(seed, subject)
    return raster.Topology.of(wardrobe.dress(who.naked, who.wardrobe, condition).faces)


def move(seed: int, name: WalkName, naked: body.Figure | None = None) -> Motion:
    """Walks a person through the scene: the part of it that all cameras record.

    Args:
        seed: of the data set.
        name: which walk.
        naked: a body that takes the walk in place of the person's own.
    """
    who = person(seed, name.subject)
    rng = stream("walk", seed, *name.numbers)
    figure = wardrobe.dress(naked or who.naked, who.wardrobe.today(rng), name.condition)
    walk = gait.draw_walk(rng, who.style, who.wardrobe.free_arms(name.condition))
    times = np.arange(round(_MAX_SECONDS * gait.FRAME_RATE)) / gait.FRAME_RATE
    pose = motion.walk_on_ground(figure, walk, times)
    in_reach = np.nonzero(np.abs(pose.positions[:, 0, 0]) <= _REACH)[0]
    kept = slice(in_reach[0], in_reach[-1] + 1)
    pose = pose.part(kept)
    vertices = body.skin(figure.vertices, figure.weights, figure.joints, pose)
    angle = np.radians(walk.heading)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    aside = np.array([0.0, walk.aside, 0.0])
    return Motion(
        figure=figure,
        topology=_topology(seed, name.subject, name.condition),
        vertices=vertices @ turn + aside,
        pelvis=pose.positions[:, 0] @ turn + aside,
        joints=pose.positions @ turn + aside,
        cadence=walk.cadence,
        phase=walk.phases(times[kept]),
    )


@dataclasses.dataclass(frozen=True)
class Sight:
    """A walk as one camera sees it.

    Attributes:
        points: vertices (x, y) in sub-pixels, int64 [T, V, 2].
        depths: of the vertices, metres, [T, V].
        window: holds the person.
        masks: the exact silhouettes in the window, uint8 [T, h, w], 0 or 255.
    """

    points: np.ndarray
    depths: np.ndarray
    window: raster.Window
    masks: np.ndarray


def see(moving: Motion, view: int) -> Sight:
    """Films a walk from a view in degrees."""
    points, depths = camera.Camera.at(view).project(moving.vertices)
    window = raster.Window.around(points)
    masks = raster.silhouettes(points, moving.topology, window)
    return Sight(points, depths, window, masks)
