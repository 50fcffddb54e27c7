"""Everything that is kept is named by its stage's VERSION: it must rise when results change.

Each stage is run on drawn input. Whole numbers are compared by their digest, floats and the shipped
model's masks with a tolerance, since other machines round otherwise.
"""

import functools
import hashlib
import importlib
import pathlib
import re
import types

import cv2
import jax
import ml_collections
import numpy as np
import pytest
from drawn import ROOT, TINY, draw_person, draw_walk, load_config
from energy_sets import make_gaits
from stores import make_store
from walking_sets import make_walks

from gait_jax import runs
from gait_jax.data import content, onlooker_clips, originals, twin_clips
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.contour_store import open_contours
from gait_jax.data.crops import CropStore, crop_data
from gait_jax.data.gaits import Gaits
from gait_jax.data.gei_store import open_geis
from gait_jax.data.reader_clips import clip_data
from gait_jax.data.remade import remade_gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.data.side_channel_store import open_side_channels
from gait_jax.data.silhouette_store import open_silhouettes
from gait_jax.evaluation import (
    attack_rows,
    coloured,
    comparison,
    likeness,
    noise_people,
    noise_share,
    realism,
    score_rows,
    scoring,
    verification,
)
from gait_jax.evaluation.colour_scores import ColourScores
from gait_jax.evaluation.colour_walks import Case, Twin, Walk
from gait_jax.evaluation.evaluators import after_colouring, colour, incomplete
from gait_jax.evaluation.mean_gait import MeanGait
from gait_jax.gait import naturalness
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.methods.base import State
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Seen, Shot
from gait_jax.methods.registry import METHODS
from gait_jax.pretrained import MODELS, STGAN

_MASKS = pathlib.Path(__file__).with_name("shipped_model.npz")

_MEASURES = [
    0.4, 0.35, 0.45, 0.117798, 0.5, 0.35, 0.466667, 0.433333, 0.5, 0.31335, 0.5, 0.470667, 0.416667,
    0.384314, 0.466667, 0.496142, 0.333333, 0.407302, 0.4, 0.35, 0.45, 0.0153144, 0.5, 0.286667,
    0.433304, 0.412359, 0.486496, 0.0596218,
]  # fmt: skip

_CHANNELS = [
    4.17439, 50.0, 0.769231, 4.23411, 50.0, 0.724638, 4.17439, 25.0, 0.384615, 4.17439, 25.0,
    0.384615, 4.74929, -6.36002, 1.0, 0.0, 0.625, 0.802083, 0.0, 0.0, 4.09434,
]  # fmt: skip

# By stage: its VERSION, and what it gives for the input drawn below.
_EXPECTED = {
    "gait_jax.evaluation.coloured": (1, "8f8981fe86830901"),
    "gait_jax.evaluation.score_rows": (
        1,
        [0.573239, 0.464923, 0.674897, 24.0, 0.486141, 0.364479, 0.600508, 24.0]
        + [0.52969, 0.444108, 0.608393, 48.0, 0.085199, -0.0502788, 0.236441, 24.0]
        + [-0.132914, -0.276754, 0.0531745, 24.0, -0.0238573, -0.128407, 0.0965008, 48.0],
    ),
    "gait_jax.evaluation.evaluators.after_colouring": (1, "e3097e6b88e6b84a"),
    "gait_jax.evaluation.evaluators.colour": (
        2,
        [np.inf, 1.0, np.inf, 1.0, np.inf, 1.0, np.inf, 1.0, 35.5222, 0.964408, 35.5222, 0.964408]
        + [27.0402, 0.678014, 30.6706, 0.726603, 25.6897, 0.802841],
    ),
    "gait_jax.evaluation.evaluators.incomplete": (1, [1.0, 0.0, 0.0, 1.0]),
    "gait_jax.data.onlooker_clips": (1, [97.7675, 21.3632, 0.0, 0.0]),
    "resnext3d": (1, [0.821737]),
    "stgan_printed": (
        2,
        [0.73177, 0.844006, -0.80715, -0.760036, 0.538576, 0.536615, -0.0662835],
    ),
    "gait_jax.evaluation.noise_share": (
        1,
        [0.18392, 0.180733, 0.0624923, 0.215824, 0.0789683, 0.164275],
    ),
    "tieu2017": (
        1,
        [1.0, 2.44189, 2.51048, 2.53447, 2.54288]
        + [0.0, -0.290566, -0.0625, 0.320549, 0.0625, 0.106058, 0.125, -0.471541],
    ),
    "gait_jax.evaluation.noise_people": (
        1,
        [0.226042, 16.0, 0.226042, 16.0, 0.166667, 16.0],
    ),
    "dcgan": (
        2,
        [65.0, 65.0, 65.0, 77.0, 77.0, 77.0, -0.0843731, 1.41102, 0.522712, 1.69995, 0.686984]
        + [1.73215, 4539.0, 4696.0, 4849.0],
    ),
    "dcgan_colour": (1, [153.274, 94.3915, 132.113, 31.4912, 16.9623, 27.4305]),
    "gait_jax.data.twin_clips": (
        2,
        [-0.0534674, 0.191598, 0.104539, 0.103827, -0.0750632, 0.422191, 0.226966, -0.0856262]
        + [-0.0181995, 0.11199, 0.0468005, 0.166766, -0.0328019, 0.282557, 0.193514, -0.0515881]
        + [-0.0123806, 0.217331, 0.0734303, 0.100181],
    ),
    "stgan_twins": (
        2,
        [-0.021265, -0.0989051, -0.215478, 0.342499, 0.147156, 0.247444, 0.155047, 2.44111]
        + [2.51174],
    ),
    "gait_jax.data.gait_store": (1, "f4b026bf47be9e17"),
    "gait_jax.data.originals": (1, "579d182d1ddafafa"),
    "gait_jax.data.anonymized": (2, "0852e918487f2bec"),
    "gait_jax.data.content": (
        1,
        "2b0ceb03cd0eba0049caa12bec11b2bb488e10ef9e9797560392a9362071db31",
    ),
    "gait_jax.data.contour_store": (3, "ac1ab14705d04ec5"),
    "gait_jax.data.gei_store": (3, "8cad9055aa0980f0"),
    "gait_jax.data.side_channel_store": (1, _CHANNELS),
    "gait_jax.data.crops": (8, "9fe9433e7d5a64dd"),
    "gait_jax.evaluation.comparison": (1, [11.7357, -3.91116, 0.802748]),
    "gait_jax.evaluation.verification": (1, _MEASURES),
    "gait_jax.evaluation.attack_rows": (1, "06f2cdd104db2aa3"),
    "gait_jax.evaluation.scoring": (1, "24f0109d124e1cea"),
    "gait_jax.data.reader_clips": (
        2,
        [
            0.3489,
            -2.02733,
            -0.17635,
            -2.88462,
            0.384615,
            -2.22222,
            -0.714481,
            -0.298679,
            -2.02733,
            0.501728,
            0.563371,
            0.0,
            0.0,
            -62.6926,
            -62.6926,
            18.3829,
            18.3829,
            0.0,
            0.0,
            2.0,
            2.0,
            66.9141,
            6.0,
        ],
    ),
    "gait_jax.data.remade": (1, "bac470029258308a"),
    "stand_in": (4, [324.0, 15.0, 53.3117, 8.61284, 43.1375, 75.7852, 0.0, 0.530425, 717.0, 706.0]),
    "gait_jax.evaluation.likeness": (
        1,
        [0.0447403, 0.523601, 0.0374873, 0.5343, 0.0391753, 0.55108],
    ),
    "gait_jax.evaluation.mean_gait": (1, "5045ed1d6ac86403"),
    "contour_inversion": (
        1,
        [1.63911, 1.44279, 1.60668, 1.42952, 1.63851, 1.44146, 1.59944, 1.42393],
    ),
    "gait_jax.evaluation.realism": (1, [0.0507483, 0.100941, 24.0, 0.481286, 0.100941, 24.0]),
    "gait_windows": (
        1,
        [1.2542, -0.984537, 0.343763, 0.42703, 1.37431, -1.1102, 0.439002, 0.389473]
        + [1.08189, -1.07907, 1.07425, -1.06744, 1.09926, -1.09585, 1.09038, -1.08287],
    ),
    "gait_jax.evaluation.evaluators.naturalness": (
        3,
        [7.0, 0.714286, 1.07792, 0.831853, 0.838314, 1.06218, 0.833333, 0.777778],
    ),
    "noise_gan": (1, [0.859586, 0.712318, 0.529948, 0.977717]),
    "colour_transfer": (2, [129.729, 117.768, 128.45, 54.0238, 55.7325, 54.8991]),
    "wu2017": (2, [1.75163, 1.72187, 1.75726, 1.7055, 1.73197, 1.77135]),
    "gait_jax.data.silhouette_store": (1, "d2678a11d9a79f20"),
    "gaitset": (1, [0.222599, 0.29806, 0.43647, 0.323887, 0.551895, 0.35289]),
    "gaitbase": (1, [10.688, 15.1495, 6.68625, 13.0158, 8.35675, 17.5998]),
    "gaitpart": (1, [0.040982, 0.0877538, 0.103859, 0.0748486, 0.118277, 0.112908]),
    "side_channels": (1, [0.0951963, 0.182969, 0.0877737]),
    "zheng2011": (2, [0.0261785, 0.0614083, 0.0268678, 0.0667521, 0.0123949, 0.0725568]),
}


def _digest(*arrays) -> str:
    found = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        assert array.dtype.kind in "iubU"
        kind = "U" if array.dtype.kind == "U" else f"{array.dtype.kind}{array.dtype.itemsize}"
        text = array.tolist() if kind == "U" else array.astype(array.dtype.newbyteorder("<"))
        found.update(f"{kind} {array.shape} ".encode())
        found.update(repr(text).encode() if kind == "U" else text.tobytes())
    return found.hexdigest()[:16]


def _walk(frames=10, **kwargs):
    return [mask // 255 for mask in draw_walk(frames, **kwargs)]


def _sequences():
    lost = _walk(10, tall=64)
    lost[3] = np.zeros_like(lost[3])
    cycle = [draw_person(2 * np.pi * i / 20, 30 + i) // 255 for i in range(50)]
    return [
        ("001", "nm", 1, 90, _walk(9, bulk=1.3)),
        ("002", "bg", 2, 0, lost),
        ("003", "cl", 1, 36, cycle),
    ]


def _gait_store(folder):
    store = make_store(folder / "gaits", _sequences())
    files = [np.frombuffer(path.read_bytes(), np.uint8)
             for path in sorted(store.directory.iterdir())]  # fmt: skip
    return _digest(*files)


def _originals(folder):
    del folder
    ghost = draw_person(1, 40, tall=64)
    ghost[70:74, 120:124] = 255
    # Holes of several sizes, a gap in the body, frayed edges.
    ghost[30:32, 40:42] = ghost[36:42, 38:43] = ghost[46:48] = 0
    rng = np.random.default_rng(0)
    frayed = np.where(rng.random(ghost.shape) < 0.04, 255 - draw_person(2, 60), draw_person(2, 60))
    frames = [*draw_walk(3), ghost, frayed, np.roll(draw_person(0, 30), -30, axis=1), 0 * ghost]
    example = {
        "subject": b"001",
        "condition": b"nm",
        "sequence": 1,
        "view": 90,
        "frame_numbers": range(len(frames)),
        "frames": [cv2.imencode(".png", frame.astype(np.uint8))[1].tobytes() for frame in frames],
    }
    found = originals.cleaned("casia_b", example, CleanSettings())
    assert 0 < len(found.problems) < len(frames)
    return _digest(np.array(found.masks), np.array([f"{k} {v}" for k, v in found.problems.items()]))


class _Dataset:
    """What stages ask of a data set, made up."""

    def __init__(self, folder):
        self.directory = folder
        self.gaits = self.originals = make_store(folder / "gaits", _sequences())
        self.description = {}

    def masks(self, index):
        return _sequences()[index][-1]

    def members(self, group):
        return {"train": ["001", "003"], "validation": ["002"]}[group]

    def recording(self, index):
        masks = self.masks(index)
        noise = np.random.default_rng(index).integers(0, 256, (*masks[0].shape, 3), np.uint8)
        return types.SimpleNamespace(
            background=255 - noise, frame=lambda i: noise + np.uint8(i), complete=masks.__getitem__
        )

    def anonymized(self):
        def anonymize(masks, key):
            drawn = int(jax.random.randint(key, (), 0, 2**30))
            made = [np.roll(mask, drawn % 7, axis=1) for mask in masks]
            return types.SimpleNamespace(masks=made, problems={}, measures={"drawn": float(drawn)})

        return anonymized_gaits(self, anonymize, "made up", 5, [0, 2], progress=False)


def _anonymized(folder):
    store = _Dataset(folder).anonymized()
    masks = [store.mask(frame) for frame in range(len(store.numbers))]
    drawn = [int(measures["drawn"]) for measures in store.measures]
    return _digest(np.array(masks), np.array(drawn), store.numbers)


def _contour_store(folder):
    store = open_contours(make_store(folder / "gaits", _sequences()), progress=False)
    # A thousandth of a pixel.
    return _digest(store.points, store.offsets, np.rint(1000 * store.bodies).astype(np.int64))


def _content(folder):
    del folder
    names = {"subject": b"001", "condition": "nm", "view": np.int32(90)}
    examples = [names | {"frames": [b"a", b"bc"], "numbers": np.arange(2)}, names]
    return content.digest(examples)


def _gei_store(folder):
    store = open_geis(make_store(folder / "gaits", _sequences()), 32, progress=False)
    return _digest(store.images, store.rows, np.int64(store.count))


def _silhouette_store(folder):
    gaits = make_store(folder / "gaits", _sequences())
    store = open_silhouettes(gaits, (32, 22), progress=False)
    return _digest(store.images, store.offsets)


def _side_channel_store(folder):
    # Long enough for a rhythm.
    walk = [draw_person(2 * np.pi * i / 26, 30 + i) // 255 for i in range(60)]
    store = make_store(folder / "gaits", [*_sequences(), ("004", "nm", 1, 54, walk)])
    found = open_side_channels(store, progress=False)
    return [float(x) for x in (*found[:3, :3].ravel(), *found[3])]


def _crops(folder):
    dataset = _Dataset(folder)
    config = {"size": 24, "margin": 0.1, "stride": 4, "recolour": True}
    config |= {"silhouettes": "complete", "plate_error": 0.0}
    config |= {"group": "train", "validation_group": "train"}
    gaits = dataset.anonymized()
    data = crop_data(dataset, gaits, ml_collections.ConfigDict(config), progress=False)
    (kept,) = gaits.directory.glob("crops-*")
    store = CropStore(kept, 24)
    del data
    return _digest(store.images, store.masks, store.originals, store.backgrounds, store.subjects)


def _made_up(labels):
    subjects, conditions, numbers, views = map(np.array, zip(*labels, strict=True))
    return Gaits(None, np.arange(len(labels)), subjects, conditions, numbers, views)


def _scoring(folder):
    del folder
    probes = _made_up([(s, c, 5, v) for s in "abcd" for c in ("nm", "cl") for v in (0, 36, 90)])
    gallery = _made_up([(s, "nm", n, v) for s in "abcd" for n in (1, 2) for v in (0, 90)][:-1])
    rng = np.random.default_rng(0)
    # Few different distances, so that people are equally near.
    distances = rng.integers(0, 4, (len(probes), len(gallery))).astype(np.float32)
    recogniser = types.SimpleNamespace(distances=lambda *_: distances)
    hits = scoring.score(recogniser, probes, gallery, (1, 2, 3))
    shares = [np.rint(1e6 * np.nan_to_num(x, nan=-1)).astype(np.int64)
              for x in (hits.same, hits.cross)]  # fmt: skip
    return _digest(hits.probes, *shares, np.int64(hits.enrolled))


def _compared():
    """Drawn distances of some walks, few of them different, and with people who lack a walk."""
    probes = _made_up([(s, c, 5, v) for s in "abcd" for c in ("nm", "cl") for v in (0, 36, 90)])
    gallery = _made_up([(s, "nm", n, v) for s in "abcd" for n in (1, 2) for v in (0, 90)][:-1])
    distances = np.random.default_rng(0).integers(0, 9, (len(probes), len(gallery)))
    recogniser = types.SimpleNamespace(distances=lambda *_: distances)
    return comparison.compare(recogniser, probes, gallery, (1, 3))


def _comparison(folder):
    del folder
    found = _compared()
    sums = [np.nansum(x * np.cos(np.arange(x.size).reshape(x.shape)))
            for x in (found.same, found.cross, found.linked)]  # fmt: skip
    return [float(x) for x in sums]


def _verification(folder):
    del folder
    owners = np.repeat(np.arange(10), 6)
    distances = np.cos(1.7 * np.arange(600)).reshape(60, 10)
    distances[np.arange(60), owners] -= 0.5
    distances[::7, 3:5] = np.where(owners[::7, None] == [3, 4], distances[::7, 3:5], np.nan)
    found = verification.measure_all(verification.Scores(distances, owners), (1, 3))
    told = [(e.value, e.low, e.high, e.shuffled, e.worst, e.shuffled_worst) for e in found.values()]
    return [float(x) for each in told for x in each if x is not None]


def _attack_rows(folder):
    del folder
    found = _compared()
    names = {"method": "m", "recogniser": "r", "attacker": "ignorant"}
    rows = attack_rows.attack_rows(found, found, (1, 3), **names)
    told = [f"{r.metric} {r.setting} {r.condition} {r.view} {r.n} {r.low is None}" for r in rows]
    return _digest(np.array(told))


def _naturalness(folder):
    del folder
    clean, made = _walk(8), _walk(8, tall=63, bulk=1.3)
    made[2][20:26, 120:128] = 1
    made[4] = 0 * made[4]
    made[6][30:33] = 0
    values = naturalness.measure(clean, made)
    summary = naturalness.summarize(values)
    told = ("frames", "one_region", "outline", "overlap", "movement")
    return [summary[name] for name in (*told, "turning", "foot_slide", "foot_slide_original")]


def _learned(tree):
    """Made-up parameters: the same on every machine, whatever draws initial ones."""
    leaves, structure = jax.tree.flatten(tree)
    made = [
        (np.cos(np.arange(leaf.size) * (1.7 + 0.1 * i)) / np.sqrt(max(leaf.shape[:-1], default=1)))
        .reshape(leaf.shape)
        .astype(np.float32)
        for i, leaf in enumerate(leaves)
    ]
    return jax.tree.unflatten(structure, made)


def _state(method):
    shapes = jax.eval_shape(method.init)
    return State(
        step=np.int32(1), params={}, opt={}, ema=_learned(shapes.ema), frozen=shapes.frozen
    )


def _noise_gan(folder):
    del folder
    config = load_config("stgan_resampled", "casia_a")
    config.update_from_flattened_dict(TINY)
    from gait_jax.methods.anonymizers.stgan import STGAN

    method = STGAN(config).noise_gan
    keys = jax.random.split(jax.random.key(7), 3)
    drawn = np.asarray(method.draw(_state(method).ema["generator"], keys))
    return [float(x) for x in (drawn[0, 0, 0], drawn[1, 9, 1], drawn.std(), np.abs(drawn).max())]


def _colour_transfer(folder):
    del folder
    config = load_config("colour_transfer", "walkers")
    tiny = {"data.size": 32, "network.widths": (4, 8), "network.hidden": 8, "network.reach": (2,)}
    config.update_from_flattened_dict(tiny)
    return _painted(METHODS["colour_transfer"](config))


def _painted(method):
    original, made = _walk(1)[0], _walk(1, bulk=1.4)[0]
    rng = np.random.default_rng(0)
    frame, background = rng.integers(0, 256, (2, *made.shape, 3)).astype(np.uint8)
    found = method.colouriser(_state(method))(Shot(frame, original, made), background)
    inside = found[made > 0].astype(float)
    assert np.array_equal(found[made == 0], background[made == 0])
    return [*inside.mean(axis=0), *inside.std(axis=0)]


def _wu2017(folder):
    config = load_config("wu2017", "casia_a,small")
    config.update_from_flattened_dict({"data.size": 50})
    method = METHODS["wu2017"](config)
    statistics = {"mean": np.full((50, 50), 0.5, np.float32), "spread": np.float32(0.1)}
    state = _state(method).replace(frozen={"statistics": statistics})
    gaits = make_gaits(folder / "gaits", 50, people=3, sequences=1, views=(0,))
    distances = method.recogniser(state).distances(gaits, gaits)
    return [float(x) for x in distances[np.triu_indices(3)]]


def _by_silhouettes(name, widths, folder):
    config = load_config(name, "casia_a,small")
    tiny = {"data.size": 16, "network.parts": (4,), "network.embedding": 8}
    config.update_from_flattened_dict(tiny | {"network.widths": widths})
    method = METHODS[name](config)
    gaits = make_walks(folder / "gaits", sequences=1)
    state = _state(method)
    known = state.ema["network"]
    if "batch_stats" in known:
        # Variances are not negative.
        known |= {"batch_stats": jax.tree.map(np.abs, known["batch_stats"])}
    distances = method.recogniser(state).distances(gaits, gaits)
    return [float(x) for x in distances[np.triu_indices(4, 1)]]


def _side_channels(folder):
    method = METHODS["side_channels"](load_config("side_channels", "casia_a,all"))
    state = _state(method)
    state.ema["channels"]["views"] = np.array([90, *[-1] * 23], np.int32)
    walks = [(f"{k}", "nm", 1, 90, _walk(9 + k, tall=60 + 3 * k)) for k in range(3)]
    gaits = Gaits.of(make_store(folder / "gaits", walks))
    distances = method.recogniser(state).distances(gaits, gaits)
    return [float(x) for x in distances[np.triu_indices(3, 1)]]


def _zheng2011(folder):
    config = load_config("zheng2011", "casia_a")
    config.update_from_flattened_dict({"data.size": 16, "components": 3, "rank": 4, "views": 3})
    method = METHODS["zheng2011"](config)
    state = method.init()
    learned = _learned(state.ema["views"])
    learned["views"] = np.array([0, 90, -1], np.int32)
    state = state.replace(ema={"views": learned})
    gaits = make_gaits(folder / "gaits", 16, people=2, sequences=1, views=(0, 90))
    distances = method.recogniser(state).distances(gaits, gaits)
    return [float(x) for x in distances[np.triu_indices(4, 1)]]


def _remade(folder):
    gaits = Gaits.of(make_store(folder / "gaits", _sequences()))
    made = remade_gaits(gaits, lambda walk, masks: [m[:70] for m in masks], "cut", "", False).store
    return _digest(*(made.mask(frame) for frame in range(len(made.numbers))))


def _likeness(folder):
    gaits = Gaits.of(make_store(folder / "gaits", _sequences()))
    turned = [(*names, [mask[::-1] for mask in walk]) for *names, walk in _sequences()]
    return [*likeness.errors(make_store(folder / "turned", turned), gaits).ravel()]


def _mean_gait(folder):
    mean = MeanGait(Gaits.of(make_store(folder / "gaits", _sequences())))
    return _digest(mean.silhouette(90), mean.silhouette(180))


def _contour_inversion(folder):
    del folder
    config = load_config("inversion", "casia_a")
    config.update_from_flattened_dict(
        {"data.points": 64, "data.frames": 4, "network.widths": (4, 8)}
    )
    method = METHODS["contour_inversion"](config)
    learned = _learned(method.init().ema["network"])
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    ring = np.stack([0.2 * np.sin(angle), 0.5 * np.cos(angle)], -1)
    walk = (ring * np.array([1, 1.2, 0.9, 1.1])[:, None, None])[None].astype(np.float32)
    moved = np.asarray(method.network.apply(learned, walk)) - walk
    return [float(x) for x in moved[0, ::3, ::32].ravel()]


def _realism(folder):
    del folder
    people = np.repeat(["a", "b", "c", "d"], 6)
    walks, views = np.arange(24) // 3, np.tile([0, 0, 90], 8)
    points = np.cos(np.arange(24 * 2 * 3, dtype=float) ** 1.5).reshape(24, 2, 3)
    made = realism.of_made(points, points[::-1] + 0.1, people, 3, 5)
    one = realism.of_one_walk(points, people, walks, views, 3, 5)
    return [float(x) for found in (made, one) for x in (found.value, found.floor, found.count)]


def _gait_windows(folder):
    config = load_config("gait_windows", "casia_a")
    tiny = {"data.size": 16, "data.frames": 4, "network.widths": (4, 4, 8)}
    tiny |= {"network.frame_code": 4, "network.window_code": 4}
    config.update_from_flattened_dict(tiny)
    method = METHODS["gait_windows"](config)
    gaits = make_walks(folder / "gaits", sequences=1)
    frames, windows = method.embedder(_state(method)).embed(gaits.store, np.array([0, 12]))
    return [float(x) for x in (*frames[:, 1].ravel(), *windows.ravel())]


def _reader_clips(folder):
    config = ml_collections.ConfigDict({"data_dir": str(folder), "clips": 2, "held_out": 1})
    config.frames = 6
    clips = clip_data(config, 0, progress=False)
    clip = clips.held_out.take(np.array([0]), np.array([3], np.uint32))
    names = ("motion", "phase", "stepping", "azimuth", "elevation", "speed", "kind")
    shown = [clip[name][0].ravel()[::5] for name in names]
    return [*map(float, (*np.concatenate(shown), clip["crops"].mean(), clip["seen"].sum()))]


def _stand_in(folder):
    del folder
    config = load_config("stand_in", "")
    tiny = {"network.widths": (4, 4), "network.features": 4, "network.dilations": (1,)}
    config.update_from_flattened_dict(tiny)
    method = METHODS["stand_in"](config)
    someone = method.anonymizer(_state(method))
    walk = [someone.glimpse(mask) for mask in _walk(12)]
    person = someone.person(walk, jax.random.key(5), 25.0)
    planned = person.plan
    bodies = someone.bodies([person] * 2, [Seen(_walk(12)[t], t) for t in (0, 7)])
    found = [planned.azimuth[3], planned.elevation[3], planned.height[3], planned.bits]
    found += [*planned.place[7], planned.steps.speed[7], planned.steps.phase[7]]
    return [float(x) for x in (*found, *(body.mask.sum() for body in bodies))]


def _twin_clips(folder):
    del folder
    clip = twin_clips.film(0, 2, 32, 5)
    return [*map(float, np.concatenate([value.ravel()[::17] for value in clip.values()]))]


def _dcgan(folder):
    del folder
    config = load_config("dcgan", "casia_a")
    tiny = {"data.size": 16, "data.columns": 16, "data.noise.grid": (2, 2)}
    tiny |= {"generator.widths": (4, 4), "generator.hidden": 4, "discriminator.widths": (4, 4)}
    config.update_from_flattened_dict(tiny)
    method = METHODS["dcgan"](config)
    someone, walk = method.anonymizer(_state(method)), _walk(3)
    person = someone.person([someone.glimpse(mask) for mask in walk], jax.random.key(5), 25.0)
    bodies = someone.bodies([person] * 3, [Seen(mask, t) for t, mask in enumerate(walk)])
    drawn = method.draw(_state(method).ema["generator"], np.zeros((1, 16, 16)), person.noise[None])
    found = [*person.heights, *person.bottoms, *person.noise[:2], *np.asarray(drawn)[0, ::5, 7]]
    return [float(x) for x in (*found, *(body.mask.sum() for body in bodies))]


def _dcgan_colour(folder):
    del folder
    config = load_config("dcgan_colour", "walkers")
    tiny = {"data.size": 32, "network.widths": (4, 8), "network.hidden": 8}
    config.update_from_flattened_dict(tiny)
    return _painted(METHODS["dcgan_colour"](config))


def _stgan_twins(folder):
    del folder
    config = load_config("stgan_twins", "")
    tiny = {"data.points": 64, "generator.widths": (4, 4), "generator.code": 2}
    tiny |= {"discriminators.widths": (4, 4), "generator.hidden": 4}
    config.update_from_flattened_dict(tiny)
    method = METHODS["stgan_twins"](config)
    someone, walk = method.anonymizer(_state(method)), _walk(2)
    person = someone.person([someone.glimpse(mask) for mask in walk], jax.random.key(5), 25.0)
    bodies = someone.bodies([person] * 2, [Seen(mask, t) for t, mask in enumerate(walk)])
    found = [*person.drawn.ravel()[::19], *(body.measures["distance"] for body in bodies)]
    return [float(x) for x in found]


def _tieu2017(folder):
    del folder
    config = load_config("tieu2017", "casia_a")
    tiny = {"data.points": 64, "generator.widths": (4, 4), "generator.code": 2}
    tiny |= {"generator.hidden": 4, "data.noise.walks": 2, "data.noise.frames": 3}
    config.update_from_flattened_dict(tiny)
    method = METHODS["tieu2017"](config)
    kept = {name: np.array(array) for name, array in method.init().frozen["noise_gaits"].items()}
    kept["people"][:], kept["views"][:], kept["lengths"][:] = (0, 1), 90, (2, 3)
    kept["contours"][:] = np.cos(np.arange(2 * 3 * 64 * 2.0)).reshape(2, 3, 64, 2)
    state, walk = _state(method).replace(frozen={"noise_gaits": kept}), _walk(4)
    someone = method.anonymizer(state)
    person = someone.person([someone.glimpse(mask) for mask in walk], jax.random.key(5), 25.0)
    bodies = someone.bodies([person] * 4, [Seen(mask, t) for t, mask in enumerate(walk)])
    found = [person.drawn, *(body.measures["distance"] for body in bodies)]
    return [*map(float, (*found, *someone.glimpse(walk[0]).ravel()[::9]))]


def _stgan_printed(folder):
    del folder
    config = load_config("stgan_printed", "casia_a")
    tiny = {"data.points": 64, "generator.widths": (4, 4), "generator.code": 2}
    tiny |= {"generator.hidden": 4, "noise_gan.generator.widths": (4,)}
    config.update_from_flattened_dict(tiny)
    method = METHODS["stgan_printed"](config)
    state = _learned(jax.eval_shape(method.init))
    gait = np.cos(np.arange(2 * 64 * 2.0)).reshape(1, 2, 64, 2)
    counts = np.array([[64, 50]])
    made = method.apply(state, gait, counts, jax.random.key(1)[None], np.array([57]))
    return [float(x) for x in np.ravel(made)[::37]]


def _noise_share(folder):
    del folder
    walk = _walk(3)
    contours = noise_share.outlines(walk[0], walk)
    found = [noise_share.deviation(contours[0], contours[1:])]
    noise = noise_share.at_equal_steps(contours[:, ::3] * 0.5)
    return [row.value for row in noise_share.rows("m", found, noise, contours)]


def _clip():
    """A walk of three frames on grey: somebody bright, shown two columns to the right."""
    sequence = GaitSequence("a", "nm", 1, 90, 90, 0, 3)
    originals = _walk(3)
    masks = [np.roll(mask, 2, axis=1) for mask in originals]
    scene = np.full((*originals[0].shape, 3), 90, np.uint8)
    pictures = [scene + 10 * np.arange(1, 4, dtype=np.uint8) * mask[..., None] for mask in masks]
    return coloured.ColouredClip(sequence, pictures, masks, originals, scene)


def _coloured(folder):
    del folder
    clip = _clip()
    gaits, made = (
        types.SimpleNamespace(
            sequences=[clip.sequence],
            mask=masks.__getitem__,
            usable=lambda first, last: np.ones(last - first, bool),
        )
        for masks in (clip.originals, clip.masks)
    )
    clips = object.__new__(coloured.ColouredClips)
    filmed = types.SimpleNamespace(
        shown=range(3), frame=clip.pictures.__getitem__, background=clip.scene
    )
    clips._study = types.SimpleNamespace(
        dataset=types.SimpleNamespace(gaits=gaits), recording=lambda index: filmed
    )
    clips._colouriser_of, clips.indices = "", [0]
    clips._made = lambda method: made
    (shown,) = clips("m")
    chosen = coloured.chosen(
        _made_up([(s, "nm", n, v) for s in "ab" for n in (1, 2) for v in (0, 90)]), 3
    )
    return _digest(np.stack(shown.pictures), np.stack(shown.masks), np.array(chosen))


def _score_rows(folder):
    del folder
    rng = np.random.default_rng(0)
    people, views = np.repeat([*"abcdefghijkl"], 4), np.tile(["0", "90"], 24)
    first, second = (score_rows.Scores(rng.random(48), people, views) for _ in range(2))
    made = [*score_rows.rows(first, metric="m"), *score_rows.differences(first, second, "m")]
    return [float(x) for row in made for x in (row.value, row.low, row.high, row.n)]


def _colour(folder):
    del folder
    clip, scores = _clip(), ColourScores()
    shots = [
        Shot(*given, frame=i)
        for i, given in enumerate(zip(clip.pictures, clip.originals, clip.masks, strict=True))
    ]
    twin = Twin(clip.masks[2], None, clip.pictures[2])
    case = Case(1, clip.originals[1], {False: shots[1], True: shots[0]}, {"twin": twin})
    walk = Walk("w", "a", "plain", clip.scene, {False: shots, True: shots}, [case])
    known = {("n", torn): None for torn in (False, True)}
    colour._compared(walk, case, {"n": Placed(nearest.colourise)}, known, scores)
    return [x for *_, values in scores.added() for x in values]


def _after_colouring(folder):
    del folder
    return _digest(np.stack(after_colouring.seen(_clip())))


def _incomplete(folder):
    del folder
    whole, torn = _walk(4), _walk(4)
    torn[1][40:60], torn[2] = 0, 0 * torn[2]
    return incomplete.shares([*whole, 0 * whole[0]], [*torn, whole[0]])


def _onlooker_clips(folder):
    del folder
    walk = onlooker_clips.film(1, onlooker_clips.Form(frames=8, size=24, reach=1.25), 0)
    clips = onlooker_clips.OnlookerClips({k: v[None] for k, v in walk.items()}, 8)
    clip = clips.take(np.array([0]), np.array([3], np.uint32))
    found = [np.asarray(clip[name], float) for name in sorted(clip)]
    return [float(x) for each in found for x in (each.mean(), each.std())]


def _resnext3d(folder):
    del folder
    config = load_config("resnext3d", "")
    tiny = {"data.frames": 8, "data.size": 8, "network.stem": 8, "network.widths": (8,)}
    tiny |= {"network.blocks": (1,), "network.cardinality": 4}
    config.update_from_flattened_dict(tiny)
    method, clip = METHODS["resnext3d"](config), _clip()
    return [method.onlooker(_state(method))(clip.pictures * 8, clip.masks * 8)]


def _noise_people(folder):
    del folder
    probes = _made_up([(s, c, 5, v) for s in "abcd" for c in ("nm", "cl") for v in (0, 36, 90)])
    gallery = _made_up([(s, "nm", n, v) for s in "abcdef" for n in (1, 2) for v in (0, 90)])
    distances = np.random.default_rng(0).integers(0, 4, (len(probes), len(gallery)))
    asked = types.SimpleNamespace(distances=lambda *_: distances.astype(np.float32))
    noise = np.array(["e", "f"] * (len(probes) // 2))
    names = {"method": "m", "recogniser": "r", "attacker": "a"}
    made = noise_people.rows(asked, probes, probes, gallery, noise, **names)
    return [float(x) for row in made for x in (row.value, row.n)]


_STAGES = {
    "gait_jax.data.gait_store": _gait_store,
    "gait_jax.data.originals": _originals,
    "gait_jax.data.anonymized": _anonymized,
    "gait_jax.data.content": _content,
    "gait_jax.data.contour_store": _contour_store,
    "gait_jax.data.gei_store": _gei_store,
    "gait_jax.data.silhouette_store": _silhouette_store,
    "gait_jax.data.side_channel_store": _side_channel_store,
    "gait_jax.data.crops": _crops,
    "gait_jax.evaluation.comparison": _comparison,
    "gait_jax.evaluation.verification": _verification,
    "gait_jax.evaluation.attack_rows": _attack_rows,
    "gait_jax.evaluation.scoring": _scoring,
    "gait_jax.evaluation.evaluators.naturalness": _naturalness,
    "gait_jax.data.reader_clips": _reader_clips,
    "gait_jax.data.remade": _remade,
    "stand_in": _stand_in,
    "gait_jax.data.twin_clips": _twin_clips,
    "stgan_twins": _stgan_twins,
    "gait_jax.evaluation.likeness": _likeness,
    "gait_jax.evaluation.noise_people": _noise_people,
    "tieu2017": _tieu2017,
    "stgan_printed": _stgan_printed,
    "gait_jax.evaluation.noise_share": _noise_share,
    "gait_jax.evaluation.coloured": _coloured,
    "gait_jax.evaluation.score_rows": _score_rows,
    "gait_jax.evaluation.evaluators.after_colouring": _after_colouring,
    "gait_jax.evaluation.evaluators.colour": _colour,
    "gait_jax.evaluation.evaluators.incomplete": _incomplete,
    "gait_jax.data.onlooker_clips": _onlooker_clips,
    "resnext3d": _resnext3d,
    "gait_jax.evaluation.mean_gait": _mean_gait,
    "contour_inversion": _contour_inversion,
    "gait_jax.evaluation.realism": _realism,
    "gait_windows": _gait_windows,
    "noise_gan": _noise_gan,
    "colour_transfer": _colour_transfer,
    "dcgan": _dcgan,
    "dcgan_colour": _dcgan_colour,
    "wu2017": _wu2017,
    "zheng2011": _zheng2011,
    "side_channels": _side_channels,
    "gaitset": functools.partial(_by_silhouettes, "gaitset", (4, 4, 8)),
    "gaitbase": functools.partial(_by_silhouettes, "gaitbase", (4, 4, 8, 8)),
    "gaitpart": functools.partial(_by_silhouettes, "gaitpart", (4, 4, 8)),
}


def _version(stage):
    return (METHODS[stage] if stage in METHODS else importlib.import_module(stage)).VERSION


def test_every_stage_is_known():
    found = set()
    for path in (ROOT / "gait_jax").rglob("*.py"):
        if re.search(r"^VERSION = ", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert found | METHODS.keys() == _STAGES.keys() | {"stgan"}
    assert _STAGES.keys() == _EXPECTED.keys()


@pytest.mark.parametrize("stage", _STAGES)
def test_what_a_stage_gives_changes_with_its_version(stage, tmp_path):
    found = _STAGES[stage](tmp_path)
    version, expected = _EXPECTED[stage]
    same = found == expected if isinstance(found, str) else found == pytest.approx(expected, 1e-3)
    value = found if isinstance(found, str) else [float(f"{x:.6g}") for x in found]
    now = _version(stage)
    if now == version:
        assert same, (
            f"raise VERSION of {stage} and write the new value here: ({now + 1}, {value!r})"
        )
    else:
        pytest.fail(f"{stage} has another VERSION: write the new value here: ({now}, {value!r})")


# Of the ST-GAN that ships, and of its VERSION.
_STGAN_VERSION = 2


def test_the_shipped_st_gans_masks_change_with_the_methods_version():
    masks = [*_walk(4), *_walk(2, tall=72, bulk=1.2)]
    result = runs.open_run(MODELS[STGAN]).anonymizer()(masks, jax.random.key(11))
    assert not result.problems
    found = np.array(result.masks)
    with np.load(_MASKS) as kept:
        expected = np.unpackbits(kept["masks"], count=found.size).reshape(found.shape)
    told = (
        f"and write the new masks: np.savez_compressed({_MASKS.name!r}, masks=np.packbits(found))"
    )
    assert METHODS["stgan"].VERSION == _STGAN_VERSION, f"write the new VERSION here, {told}"
    # It does change people: a model that did nothing would be far off, too.
    assert (found != np.array(masks)).mean() > 0.005
    assert (found != expected).mean() <= 1e-3, f"raise VERSION of stgan, write it here, {told}"
