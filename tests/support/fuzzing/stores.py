"""What is derived from a data set and kept beside it: contours, crops, energies, scores, parts."""

import json
import os
import pathlib
import shutil

import numpy as np

from fuzzing import settings
from fuzzing.kind import CASE, READ, Kind, check
from fuzzing.mutate import changed_arrays, mutated, mutated_json
from gait_jax.data import energies, energy_store
from gait_jax.data.contour_store import ContourStore
from gait_jax.data.crops import CropStore
from gait_jax.data.dataset import GaitDataset
from gait_jax.recognition.scoring import Hits
from gait_jax.recognition.zheng2011 import Zheng2011Recogniser
from gait_jax.runtime import records
from gait_jax.runtime.arrays import save_arrays


def _crops(folder: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    folder.mkdir()
    np.save(folder / "images.npy", rng.integers(0, 255, (4, 8, 8, 3)).astype(np.uint8))
    np.save(folder / "plates.npy", np.zeros((4, 8, 8, 3), np.uint8))
    for name in ("masks", "originals"):
        np.save(folder / f"{name}.npy", rng.integers(0, 2, (4, 8, 8)).astype(np.uint8))
    records.write_json(folder / "subjects.json", ["a", "b", "b", "b"])


class Stores(Kind):
    """Readers of stores."""

    @staticmethod
    def prepare(seeds):
        settings.write_data_set(seeds / "manual")
        config = settings.load("stgan_resampled").data
        config.manual_dir, config.data_dir = str(seeds / "manual"), str(seeds / "data")
        dataset = GaitDataset(config, False)
        (contours,) = dataset.directory.glob("contours-*")
        shutil.copytree(contours, seeds / "contours")
        (seeds / "prepared").mkdir()
        sequences, cycles = dataset.energies(32)
        (kept,) = dataset.directory.glob("energies-*")
        shutil.copytree(kept, seeds / "energies")
        energies.save(seeds / "energies.safetensors", sequence=sequences, cycle=cycles)
        _crops(seeds / "crops")
        hits = Hits(np.array([["a", "nm", "1", "0"]]), np.ones((1, 2)), np.zeros((1, 2)), 3)
        hits.save(seeds / "hits.safetensors")
        arrays = {"views": np.array([0]), "size": np.array(4), "mean/0": np.zeros(16),
                  "rotation/0": np.ones((16, 2)), "basis/0": np.ones((2, 3))}  # fmt: skip
        save_arrays(seeds / "zheng.safetensors", arrays)

    def write(self, rng, folder):
        files = (f"{name}.safetensors" for name in ("energies", "hits", "zheng"))
        names = ("contours", "contours", "crops", "energies", *files, "data")
        name = rng.choice(names)
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
        if name == "contours":
            self._contours(path)
        elif name == "crops":
            store = CropStore(path)
            check(len(store.subjects) == len(store.images), "names of other crops")
            check(store.images.ndim == 4 and store.images.dtype == np.uint8, "no pictures")
            check(store.plates.shape == store.images.shape, "plates")
            check(store.masks.shape == store.originals.shape == store.images.shape[:3], "sizes")
        elif name == "energies.safetensors":
            for found in energies.load(path).values():
                check(found.images.ndim == 3 and found.images.dtype == np.uint8, "no pictures")
                check(len({len(a) for a in found.arrays().values()}) == 1, "lengths")
                check(found.views.dtype == found.sequences.dtype == np.int32, "types")
        elif name == "hits.safetensors":
            hits = Hits.load(path)
            check(hits.probes.shape == (len(hits.same), 4), "probes")
            check(hits.same.shape == hits.cross.shape, "ranks")
        elif name == "zheng.safetensors":
            Zheng2011Recogniser.load(path)
        elif name == "energies":
            store = energy_store.open_store(path, 32)
            found = store.everything
            check(found.images.shape == (len(found.views), 32, 32), "no pictures")
            check(len({len(a) for a in found.arrays().values()}) == 1, "lengths")
            check(len(store.sequences) + len(store.cycles) == len(found), "a count")
        else:
            self._data_set(path)
        return READ

    def _data_set(self, path: pathlib.Path) -> None:
        config = settings.load("stgan_resampled").data
        config.manual_dir, config.data_dir = str(self.seeds / "manual"), str(path)
        dataset = GaitDataset(config, False)
        for index in range(len(dataset.walks)):
            check(all(mask.max(initial=0) <= 1 for mask in dataset.masks(index)), "no masks")

    @staticmethod
    def _contours(path: pathlib.Path) -> None:
        store = ContourStore(path)
        frames = len(store.numbers)
        check(len(store.bodies) == frames == len(store.offsets) - 1, "frames differ")
        check(store.offsets[0] == 0 and store.offsets[-1] == len(store.points), "offsets")
        check((np.diff(store.offsets) >= 0).all(), "offsets")
        check(np.isfinite(store.bodies).all() and (store.bodies[:, 2] > 0).all(), "bodies")
        for walk in store.walks:
            check(0 <= walk.first <= walk.last <= frames, "a walk outside")
            check(isinstance(walk.subject, str) and isinstance(walk.view, int), "a walk's types")
