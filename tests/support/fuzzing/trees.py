"""Folder trees of silhouettes, with all that lies about in folders."""

import json
import os
import pathlib
import types
from unittest import mock

import cv2
import numpy as np
from drawn import draw_walk

from fuzzing import pngs
from fuzzing.kind import CASE, READ, SKIPPED, Kind, check
from fuzzing.mutate import mutated
from gait_jax import runs
from gait_jax.anonymization import trees
from gait_jax.pretrained import MODELS

_STRANGE = ("a b.png", "é.png", "x.PNG", ".png", "..png", "%s.png", "\n.png", "a" * 250 + ".png",
            os.fsdecode(b"\xff.png"), "report.json", "-.png", "x.png.partial")  # fmt: skip


class Trees(Kind):
    """What `anonymize_tree` writes."""

    made = ("out",)

    def __init__(self, seeds):
        super().__init__(seeds)
        self._frames = [cv2.imencode(".png", m)[1].tobytes() for m in draw_walk(4)]
        # Loaded and compiled once, for all cases.
        self._opened = {path: self._open(path) for path in MODELS.values()}

    @staticmethod
    def _open(path: pathlib.Path) -> types.SimpleNamespace:
        run = runs.open_run(path)
        anonymizer = run.anonymizer()
        return types.SimpleNamespace(
            anonymizer=lambda: anonymizer,
            config=run.config,
            method=run.method,
            step=run.step,
            workdir=run.workdir,
        )

    def _entry(self, rng, path: pathlib.Path) -> None:
        form = rng.randrange(24)
        data = rng.choice(self._frames)
        if form == 0:
            os.mkfifo(path)
        elif form == 1:
            path.mkdir()
        elif form == 2:
            path.symlink_to(rng.choice(("nowhere", "/dev/zero", ".", path.name, "001.png")))
        elif form < 6:
            path.write_bytes(pngs.rearranged(rng, data))
        elif form < 10:
            path.write_bytes(mutated(rng, data))
        elif form == 10:
            path.write_bytes(pngs.unusual(rng, draw_walk(1)[0]))
        elif form == 11:
            size = rng.choice(((1, 1), (1, 500), (500, 1), (23, 40)))
            path.write_bytes(cv2.imencode(".png", np.full(size, 255, np.uint8))[1].tobytes())
        else:
            path.write_bytes(data)

    def write(self, rng, folder):
        tree = folder / "in"
        for name in rng.sample(
            ("a", "a/b", "c", ".hidden", os.fsdecode(b"\xff")), rng.randint(1, 2)
        ):
            walk = tree / name
            walk.mkdir(parents=True, exist_ok=True)
            for i in range(1, rng.randint(2, 5)):
                self._entry(rng, walk / f"{i:03d}.png")
            if rng.random() < 0.4:
                self._entry(rng, walk / rng.choice(_STRANGE))
            if rng.random() < 0.1:
                (walk / "loop").symlink_to("..")
        (folder / CASE).write_text(json.dumps({"method": rng.choice(sorted(MODELS))}))

    def read(self, folder):
        tree, out = folder / "in", folder / "out"
        before = sorted(os.listdir(folder))
        model = MODELS[json.loads((folder / CASE).read_text())["method"]]
        # Other kinds open their own runs in this process.
        with mock.patch.object(trees.runs, "open_run", lambda path, *_: self._opened[path]):
            report = trees.anonymize_tree(tree, out, model, seed=1, progress=False)
        check(sorted(os.listdir(folder)) == sorted([*before, "out"]), "wrote beside the folder")
        check(json.loads((out / trees.REPORT).read_text()) == report, "another report")
        check(report["complete"] and report["sequences"], "an incomplete report")
        written = 0
        for entry in report["sequences"]:
            source, target = tree / entry["name"], out / entry["name"]
            empty = {name for names in entry["written_empty"].values() for name in names}
            names = {p.name for p in source.iterdir() if p.suffix.lower() == ".png"}
            if "failed" in entry:
                continue
            for name in empty | names:
                if not os.path.lexists(source / name) or (source / name).is_dir():
                    continue
                check((target / name).is_file(), f"{name} is missing")
                # Not by cv2.imread, which crashes on names that are not UTF-8.
                data = np.frombuffer((target / name).read_bytes(), np.uint8)
                found = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
                check(set(np.unique(found)) <= {0, 255}, f"{name} is no silhouette")
                check(found.any() == (name not in empty), f"{name} is not as the report says")
                written += 1
        return READ if written else SKIPPED
