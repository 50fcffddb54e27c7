"""The command lines themselves: one line and an exit status, whatever they are given."""

import json
import re
import shutil

import cv2
import numpy as np
import processes
from clips import draw_scene, walk_in, walking, write_video
from drawn import ROOT

from fuzzing.kind import CASE, Kind, check
from gait_jax.runtime.errors import InputError

_CONFIGS = ROOT / "configs"
_TRAIN = ["train", "--workdir=run"]
_STGAN = f"--config={_CONFIGS / 'stgan.py'}:casia_a"
# What is given, and the modules' names before it. All of it is wrong.
_LINES = (
    [*_TRAIN, _STGAN, "--config.batch_size=many"],
    [*_TRAIN, _STGAN, "--config.batch_size=0"],
    [*_TRAIN, _STGAN, "--config.data.points=-8"],
    [*_TRAIN, _STGAN, "--config.no_such_field=1"],
    [*_TRAIN, _STGAN, "--config.generator.widths=(8,'a')"],
    [*_TRAIN, _STGAN, "--config.data.manual_dir=nowhere"],
    [*_TRAIN, "--config=nowhere.py"],
    [*_TRAIN, f"--config={_CONFIGS / 'wu2017.py'}:casia_a,large"],
    [*_TRAIN, "--config=torn.py"],
    ["evaluate", "--workdir=run", f"--config={_CONFIGS / 'closed.py'}", "--config.protocol=none"],
    ["export", "run.txt", "-o", "out"],
    ["export", "nowhere", "-o", "out"],
    ["anonymize", "walk.mp4", "--seed", "1" + 30 * "0"],
    ["anonymize", "walk.mp4", "--seed", "-5", "--start", "nan"],
    ["anonymize", "torn.mp4"],
    ["anonymize", "walk.mp4", "--background", "torn.png"],
    ["anonymize", "walk.mp4", "--checkpoint", "torn.mp4"],
    ["anonymize", "walk.mp4", "--report", "walk.mp4/report.json"],
    ["anonymize", "walk.mp4", "-o", "torn.png/out.mp4"],
    ["anonymize", "walk.mp4", "--segmenter", "onnx:torn.png"],
    ["anonymize", "walk.mp4", "--masks", "walk.mp4"],
    ["anonymize", "masks", "-o", "masks/out"],
    ["anonymize", "\udcff.mp4"],
    ["anonymize", ""],
)


class Commands(Kind):
    """Command lines, each in a process of its own."""

    limit = 120.0

    @staticmethod
    def prepare(seeds):
        write_video(seeds / "walk.mp4", walk_in(draw_scene(), walking(6)))
        (seeds / "torn.mp4").write_bytes((seeds / "walk.mp4").read_bytes()[:1500])
        (seeds / "torn.png").write_bytes(cv2.imencode(".png", draw_scene())[1].tobytes()[:200])
        (seeds / "torn.py").write_text("def get_config(:\n")
        (seeds / "run.txt").write_text("no run")
        (seeds / "masks").mkdir()
        cv2.imwrite(str(seeds / "masks" / "1.png"), np.zeros((9, 9), np.uint8))

    def write(self, rng, folder):
        shutil.copytree(self.seeds, folder, dirs_exist_ok=True)
        (folder / CASE).write_text(json.dumps(rng.choice(_LINES)))

    def read(self, folder):
        module, *given = json.loads((folder / CASE).read_text())
        before = sorted(folder.rglob("*"))
        done = processes.module(f"gait_jax.{module}", *given, cwd=folder, errors="replace")
        # Without what TFDS logs on its way.
        lines = [x for x in done.stderr.strip().splitlines() if not re.match(r"[IWE][0-9]{4} ", x)]
        check(done.returncode in (1, 2), f"exit status {done.returncode} of {given}")
        check("Traceback" not in done.stderr, f"{given}: {lines[-1:]}")
        # argparse gives its usage first.
        check(len(lines) == 1 or done.returncode == 2, f"{given}: {done.stderr[-300:]}")
        check(sorted(folder.rglob("*")) == before, f"{given} left files")
        raise InputError(lines[-1])
