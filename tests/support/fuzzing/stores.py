"""What is derived from a data set and kept: gaits, contours, energy images, crops, scores."""

import json
import os
import pathlib
import shutil

import numpy as np

from fuzzing import settings
from fuzzing.kind import CASE, READ, Kind, check
from fuzzing.mutate import changed_arrays, mutated, mutated_json
from gait_jax.data.contour_store import ContourStore, open_contours
from gait_jax.data.crops import CropStore
from gait_jax.data.dataset import open_dataset
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import Gaits
from gait_jax.data.gei_store import open_geis, open_store
from gait_jax.evaluation.scoring import Hits
from gait_jax.runtime import records

_SIZE = 8


def _crops(folder: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    folder.mkdir()
    shapes = {"images": (3,), "backgrounds": (3,), "masks": (), "originals": ()}
    for name, channels in shapes.items():
        pixels = rng.integers(0, 2, (4, _SIZE, _SIZE, *channels)).astype(np.uint8)
        (folder / name).write_bytes(pixels.tobytes())
    records.write_json(folder / "subjects.json", ["a", "b", "b", "b"])


class Stores(Kind):
    """Readers of stores."""

    @staticmethod
    def prepare(seeds):
        settings.write_data_set(seeds / "manual")
        config = settings.load("stgan_resampled").data
        config.manual_dir, config.data_dir = str(seeds / "manual"), str(seeds / "data")
        gaits = open_dataset(config, False).gaits
        open_contours(gaits, False)
        open_geis(gaits, 32, False)
        shutil.copytree(gaits.directory, seeds / "gaits")
        (seeds / "prepared").mkdir()
        _crops(seeds / "crops")
        hits = Hits(np.array([["a", "nm", "1", "0"]]), np.ones((1, 2)), np.zeros((1, 2)), 3)
        hits.save(seeds / "hits.safetensors")

    def write(self, rng, folder):
        name = rng.choice(("gaits", "gaits", "gaits", "crops", "hits.safetensors", "data"))
        source, target = self.seeds / name, folder / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        files = sorted(p for p in target.rglob("*") if p.is_file()) or [target]
        path = rng.choice(files)
        chance = rng.random()
        if chance < 0.04:
            path.unlink()
        elif chance < 0.06 and name != "data":
            path.unlink()
            os.mkfifo(path)
        elif path.suffix == ".safetensors" and chance < 0.6:
            changed_arrays(rng, path)
        elif path.suffix == ".json" and chance < 0.8:
            path.write_bytes(mutated_json(rng, path.read_bytes()))
        else:
            path.write_bytes(mutated(rng, path.read_bytes()))
        (folder / CASE).write_text(json.dumps({"store": name}))

    def read(self, folder):
        name = json.loads((folder / CASE).read_text())["store"]
        path = folder / name
        if name == "gaits":
            self._gaits(path)
        elif name == "crops":
            store = CropStore(path, _SIZE)
            check(len(store.subjects) == len(store.images), "names of other crops")
            check(store.images.ndim == 4 and store.images.dtype == np.uint8, "no pictures")
            check(store.backgrounds.shape == store.images.shape, "backgrounds")
            check(store.masks.shape == store.originals.shape == store.images.shape[:3], "sizes")
        elif name == "hits.safetensors":
            hits = Hits.load(path)
            check(hits.probes.shape == (len(hits.same), 4), "probes")
            check(hits.same.shape == hits.cross.shape, "ranks")
        else:
            self._data_set(path)
        return READ

    def _data_set(self, path: pathlib.Path) -> None:
        config = settings.load("stgan_resampled").data
        config.manual_dir, config.data_dir = str(self.seeds / "manual"), str(path)
        dataset = open_dataset(config, False)
        for index in range(len(dataset.originals.sequences)):
            check(all(mask.max(initial=0) <= 1 for mask in dataset.masks(index)), "no masks")

    @staticmethod
    def _gaits(path: pathlib.Path) -> None:
        """Gaits, and what was derived from them."""
        gaits = GaitStore(path)
        frames = len(gaits.numbers)
        for sequence in gaits.sequences:
            check(0 <= sequence.first <= sequence.last <= frames, "a sequence outside")
            check(isinstance(sequence.subject, str) and isinstance(sequence.view, int), "types")
            for frame in range(sequence.first, sequence.last):
                mask, body = gaits.mask(frame), gaits.body(frame)
                check(mask.max(initial=0) <= 1 and mask.sum() == body.sum(), "no mask")
        # The names of what is derived follow from the folder's, which is another one here.
        (contours,) = path.glob("contours-*")
        store = ContourStore(gaits, contours)
        check(len(store.bodies) == frames == len(store.offsets) - 1, "frames differ")
        check(store.offsets[0] == 0 and store.offsets[-1] == len(store.points), "offsets")
        check((np.diff(store.offsets) >= 0).all(), "offsets")
        check(np.isfinite(store.bodies).all() and (store.bodies[:, 2] > 0).all(), "bodies")
        (geis,) = path.glob("geis-*")
        images = open_store(geis, 32, len(gaits.sequences))
        check(images.images.shape == (len(images.rows), 32, 32), "no pictures")
        check(0 <= images.count <= len(images.rows), "a count")
        check(len(images.of(Gaits.of(gaits))) <= images.count, "images of nobody")
