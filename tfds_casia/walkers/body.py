"""The human body of the walkers: its shape, its mesh, and moving it by its bones."""

import dataclasses
import enum
import functools
import pathlib

import numpy as np

_ASSET = pathlib.Path(__file__).with_name("body.npz")


class Part(enum.IntEnum):
    """Which part of the figure a vertex belongs to; decides its colour and what is worn there."""

    FACE = 0
    HAIR = 1
    TORSO = 2
    UPPER_ARM = 3
    FOREARM = 4
    HAND = 5
    HIPS = 6
    THIGH = 7
    SHANK = 8
    FOOT = 9
    COAT = 10
    BAG = 11


@dataclasses.dataclass(frozen=True)
class BodyModel:
    """What all bodies share, derived by `tools/make_walker_body.py`; see LICENSE-body.txt.

    V vertices, F faces, B bones, K components of shape. Axes: x forwards, y to the body's left,
    z up; metres; the origin on the ground below the pelvis. The body stands with its arms half
    raised.

    Attributes:
        mean: the average body, [V + B, 3]: vertices, then each bone's joint.
        components: how one standard deviation of each component moves them, [K, V + B, 3].
        gender_mean: mean of the components among women and among men, [2, K].
        gender_factor: Cholesky factors of their covariances, [2, K, K].
        faces: vertices of each triangle, counter-clockwise from outside, [F, 3].
        bones: the bones' names, each after its parent.
        parents: index of each bone's parent, -1 for the pelvis, [B].
        weights: how much each bone moves each vertex, [V, B], rows add up to one.
        parts: `Part` of each vertex, [V].
        curves: Fourier coefficients of joint angles in degrees, by name: a0, a1, b1, a2, ...
        curve_deviations: standard deviation of each curve between people, degrees, by name.
        curve_errors: root mean square of each curve's fit, degrees, by name.
    """

    mean: np.ndarray
    components: np.ndarray
    gender_mean: np.ndarray
    gender_factor: np.ndarray
    faces: np.ndarray
    bones: tuple[str, ...]
    parents: np.ndarray
    weights: np.ndarray
    parts: np.ndarray
    curves: dict[str, np.ndarray]
    curve_deviations: dict[str, float]
    curve_errors: dict[str, float]


@functools.cache
def model() -> BodyModel:
    """Loads the body model, once a process."""
    with np.load(_ASSET, allow_pickle=False) as asset:
        bones = tuple(str(name) for name in asset["bone_names"])
        weights = np.zeros((len(asset["vertex_parts"]), len(bones)))
        np.put_along_axis(
            weights,
            asset["vertex_bones"].astype(int),
            asset["vertex_weights"].astype(float),
            axis=1,
        )
        names = [str(name) for name in asset["curve_names"]]
        return BodyModel(
            mean=asset["mean"].astype(float),
            components=asset["components"].astype(float),
            gender_mean=asset["gender_mean"].astype(float),
            gender_factor=asset["gender_factor"].astype(float),
            faces=asset["faces"].astype(np.int64),
            bones=bones,
            parents=asset["bone_parents"].astype(int),
            weights=weights / weights.sum(axis=1, keepdims=True),
            parts=asset["vertex_parts"],
            curves=dict(zip(names, asset["curve_coefficients"].astype(float), strict=True)),
            curve_deviations=dict(zip(names, asset["curve_deviation"].tolist(), strict=True)),
            curve_errors=dict(zip(names, asset["curve_fit_error"].tolist(), strict=True)),
        )


@dataclasses.dataclass(frozen=True)
class Figure:
    """A mesh that bones move: a body, and what it wears and carries.

    Attributes:
        vertices: at rest, metres, [V, 3].
        faces: [F, 3], counter-clockwise from outside.
        weights: [V, B].
        parts: `Part` of each vertex, [V].
        joints: where each bone turns, at rest, [B, 3].
    """

    vertices: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    parts: np.ndarray
    joints: np.ndarray

    def by_part(self, values: dict[Part, float]) -> np.ndarray:
        """The value of each vertex' part, [V] float64; 0 where none is given."""
        return np.array([values.get(part, 0.0) for part in Part])[self.parts]

    def with_piece(
        self, vertices: np.ndarray, faces: np.ndarray, weights: np.ndarray, part: Part
    ) -> "Figure":
        """Returns the figure and another piece of mesh, all of one part; arrays as above."""
        return dataclasses.replace(
            self,
            vertices=np.concatenate([self.vertices, vertices]),
            faces=np.concatenate([self.faces, faces + len(self.vertices)]),
            weights=np.concatenate([self.weights, weights]),
            parts=np.concatenate([self.parts, np.full(len(vertices), part, self.parts.dtype)]),
        )


def shape_body(components: np.ndarray) -> Figure:
    """Returns the naked body of a shape.

    Args:
        components: in standard deviations over all adults, [K].
    """
    base = model()
    points = base.mean + np.tensordot(components, base.components, axes=1)
    count = len(base.parts)
    points[:, 2] -= points[:count, 2].min()
    vertices, joints = points[:count], points[count:]
    for side in ("left", "right"):
        bone = base.bones.index(f"hand_{side}")
        hand = (base.parts == Part.HAND) & (base.weights.argmax(axis=1) == bone)
        vertices[hand] = _half_closed(vertices[hand], joints[bone])
    return Figure(vertices, base.faces, base.weights, base.parts, joints)


def _half_closed(hand: np.ndarray, wrist: np.ndarray) -> np.ndarray:
    """Draws spread fingers, [N, 3], together: walkers' hands hang half closed."""
    axis = (hand - wrist).mean(axis=0)
    axis /= np.linalg.norm(axis)
    along = (hand - wrist) @ axis
    across = hand - wrist - along[:, None] * axis
    # From the wrist on, over five centimetres.
    closed = np.clip(along / 0.05, 0, 1)
    return (
        wrist + (along * (1 - 0.2 * closed))[:, None] * axis + across * (1 - 0.4 * closed)[:, None]
    )


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Returns unit normals of the vertices, pointing outwards.

    Args:
        vertices: [..., V, 3].
        faces: [F, 3].

    Returns:
        [..., V, 3]; zero where a vertex has no face.
    """
    a, b, c = (vertices[..., faces[:, k], :] for k in range(3))
    across = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(total, (..., faces[:, k], slice(None)), across)
    return total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-12)


@dataclasses.dataclass(frozen=True)
class Pose:
    """Where the bones are, frame by frame.

    Attributes:
        rotations: of each bone from rest to pose, in the world's axes, [T, B, 3, 3].
        positions: of each bone's joint, metres, [T, B, 3].
    """

    rotations: np.ndarray
    positions: np.ndarray

    def part(self, frames: slice) -> "Pose":
        """Returns the poses of some frames."""
        return Pose(self.rotations[frames], self.positions[frames])

    def moved(self, offset: np.ndarray) -> "Pose":
        """Returns the pose carried along by an offset a frame, [T, 3]."""
        return Pose(self.rotations, self.positions + offset[:, None])


def hang_together(rotations: np.ndarray, joints: np.ndarray) -> Pose:
    """Places each bone's joint where its parent carries it; the pelvis stays at rest.

    Args:
        rotations: as in `Pose`, [T, B, 3, 3].
        joints: at rest, [B, 3].
    """
    positions = np.empty((*rotations.shape[:2], 3))
    for bone, parent in enumerate(model().parents):
        if parent < 0:
            positions[:, bone] = joints[bone]
        else:
            reach = joints[bone] - joints[parent]
            positions[:, bone] = positions[:, parent] + rotations[:, parent] @ reach
    return Pose(rotations, positions)


def skin(vertices: np.ndarray, weights: np.ndarray, joints: np.ndarray, pose: Pose) -> np.ndarray:
    """Linear blend skinning.

    Args:
        vertices: at rest, [V, 3].
        weights: [V, B].
        joints: at rest, [B, 3].
        pose: T frames.

    Returns:
        The vertices in each frame, [T, V, 3].
    """
    shift = pose.positions - np.einsum("tbij,bj->tbi", pose.rotations, joints)
    motion = np.concatenate([pose.rotations, shift[..., None]], axis=-1)
    # A sole hangs on few of the bones.
    moving = weights.any(axis=0)
    whole = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1)
    follow = (weights[:, moving, None] * whole[:, None]).reshape(len(vertices), -1)
    # [T, 4 B, 3].
    return follow @ motion[:, moving].swapaxes(2, 3).reshape(len(motion), -1, 3)
