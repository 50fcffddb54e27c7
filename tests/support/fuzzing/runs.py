"""Training runs and exported models, torn and edited."""

import json
import os
import pathlib
import shutil

import jax
import numpy as np

from fuzzing import settings
from fuzzing.kind import CASE, READ, Kind, check
from fuzzing.mutate import changed_arrays, mutated, mutated_json
from gait_jax import runs
from gait_jax.methods.identity import may_change
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime import checkpoint, parallel
from gait_jax.runtime.run_directory import RunDirectory

_RUN, _MODEL = "run", "model"


class Runs(Kind):
    """Readers of runs: `open_run`, its anonymiser, and what a restart reads."""

    limit = 60.0

    @staticmethod
    def prepare(seeds):
        config = settings.load("stgan_resampled")
        method = runs.build_method(config)
        run = seeds / _RUN
        run.mkdir()
        state = parallel.to_host(method.init())
        RunDirectory(run).write_config(config.to_dict())
        description = {"name": "casia_a", "synthetic": False, "groups": {"train": ["sa"]}}
        RunDirectory(run).add_start(0, description, config.to_dict())
        writer = RunDirectory(run).open_metrics(0)
        for step in range(1, 5):
            writer.write(step, {"loss_generator": 1.0 / step})
        writer.close()
        with checkpoint.Checkpoints(RunDirectory(run).checkpoints) as checkpoints:
            for step in (2, 4):
                checkpoints.save(step, state, {"next_index": step})
        shutil.copytree(DEFAULT, seeds / _MODEL, ignore=shutil.ignore_patterns("__pycache__"))

    def write(self, rng, folder):
        kind = rng.choice((_RUN, _RUN, _MODEL))
        run = folder / kind
        shutil.copytree(self.seeds / kind, run)
        for _ in range(rng.choice((1, 1, 2))):
            files = sorted(p for p in run.rglob("*") if p.is_file())
            # What stands at the top is as likely as all of the many files of the checkpoints.
            top = [p for p in files if p.parent == run]
            path = rng.choice(top if top and rng.random() < 0.6 else files)
            chance = rng.random()
            if chance < 0.06:
                path.unlink()
            elif chance < 0.09:
                path.unlink()
                path.mkdir()
            elif chance < 0.11 and path.parent == run:
                path.unlink()
                os.mkfifo(path)
            elif path.suffix == ".json" and chance < 0.9:
                path.write_bytes(mutated_json(rng, path.read_bytes()))
            elif path.suffix == ".safetensors" and chance < 0.6:
                shutil.copy(self.seeds / kind / path.name, path)
                changed_arrays(rng, path)
            else:
                path.write_bytes(mutated(rng, path.read_bytes()))
        if kind == _RUN and rng.random() < 0.08:
            folders = sorted(p for p in run.rglob("*") if p.is_dir())
            shutil.rmtree(rng.choice(folders))
        case = {"run": kind, "restart": kind == _RUN and rng.random() < 0.4}
        (folder / CASE).write_text(json.dumps(case))

    def read(self, folder):
        case = json.loads((folder / CASE).read_text())
        run = folder / case["run"]
        if case["restart"]:
            return self._restart(run)
        opened = runs.open_run(run)
        opened.anonymizer()
        json.dumps(runs.describe(opened))
        # Numbers that are not finite would leave every frame empty, without a word of why.
        for leaf in jax.tree.leaves((opened.state.ema, opened.state.frozen)):
            check(np.isfinite(leaf).all(), "parameters that are not finite")
        check(len(opened.key) == 12, "no key")
        return READ

    @staticmethod
    def _restart(run: pathlib.Path) -> str:
        """What `train_and_evaluate` reads before it goes on."""
        config = settings.load("stgan_resampled")
        RunDirectory(run).check_config(config.to_dict(), may_change(config.to_dict()))
        method = runs.build_method(config)
        with checkpoint.Checkpoints(
            RunDirectory(run).checkpoints, config.keep_checkpoints
        ) as checkpoints:
            found = checkpoints.restore_newest(
                jax.eval_shape(method.init), RunDirectory(run).damaged_checkpoints
            )
        start, state, position = found or (0, {}, {})
        expected = parallel.to_host(method.init()) if start else {}
        # Both checkpoints hold the same state, whichever is left.
        same = jax.tree.map(np.array_equal, state, expected)
        check(all(jax.tree.leaves(same)), "numbers that were never saved")
        check(not start or position == {"next_index": start}, "the position of another step")
        RunDirectory(run).add_start(start, {}, config.to_dict())
        RunDirectory(run).open_metrics(start).close()
        rows = RunDirectory(run).read_metrics()
        check(all(row["step"] <= start for row in rows), "rows that are written again")
        return READ
