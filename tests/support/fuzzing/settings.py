"""Configurations with fields of other types and values, missing and unknown ones."""

import json
import os

import jax
import ml_collections
import tensorflow_datasets as tfds
from drawn import TINY, draw_walk, load_config, write_walk

from fuzzing.kind import CASE, READ, Kind
from fuzzing.mutate import mutated_value, paths
from gait_jax import runs
from gait_jax.data import batches
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.run_directory import RunDirectory

_FILES = {
    "stgan": "casia_a",
    "stgan_resampled": "casia_a",
    "wu2017": "casia_a,small",
    "colour_transfer": "walkers",
}


def write_data_set(folder) -> None:
    """Original files of ten drawn people, as CASIA-A names them."""
    for k in range(10):
        subject = "s" + chr(ord("a") + k)
        walk = draw_walk(10, tall=56 + k, bulk=0.8 + 0.05 * k)
        write_walk(folder / subject / "00_1", f"{subject}-00_1", walk)


def load(file: str) -> ml_collections.ConfigDict:
    """A configuration of `configs/`, small where it is large."""
    config = load_config(file, _FILES[file])
    if file.startswith("stgan"):
        config.update_from_flattened_dict(TINY)
        if file == "stgan":
            config.update_from_flattened_dict({"generator.widths": (8, 8)})
            config.noise_gan.generator.stride = 8
    return config


class Settings(Kind):
    """What a command does with a configuration before its first step."""

    limit = 60.0
    made = ("run",)

    @staticmethod
    def prepare(seeds):
        write_data_set(seeds / "manual")
        config = load("stgan_resampled")
        config.data.manual_dir, config.data.data_dir = str(seeds / "manual"), str(seeds / "data")
        runs.build_method(config).open_data(
            runs.open_data(config.data, config.seed, False), {}, False
        )

    def __init__(self, seeds):
        super().__init__(seeds)
        tfds.disable_progress_bar()
        self._valid = {}
        for file in _FILES:
            config = load(file)
            if config.data.name == "casia_a":
                config.data.manual_dir = str(seeds / "manual")
                config.data.data_dir = str(seeds / "data")
            self._valid[file] = json.loads(json.dumps(config.to_dict()))

    def write(self, rng, folder):
        file = rng.choice(sorted(self._valid))
        valid = self._valid[file]
        # Every single field, not the groups alone, which a mutation takes away with all in them.
        leaves = [p for p in paths(valid) if p]
        config = mutated_value(rng, valid, leaves) if rng.random() > 0.02 else valid
        case = {"file": file, "typed": rng.random() < 0.2, "config": config}
        case["shapes"] = rng.random() < 0.2
        (folder / CASE).write_text(json.dumps(case))

    def read(self, folder):
        case = json.loads((folder / CASE).read_text())
        os.chdir(folder)
        try:
            return self._read(case, folder)
        finally:
            os.chdir("/")

    def _read(self, case, folder) -> str:
        if case["typed"]:
            # As on the command line, where fields that are not known or of another type are refused
            # before anything else.
            config = load(case["file"])
            try:
                config.update(case["config"])
                # Some parts are open; what is given there is a field's name all the same.
                ml_collections.ConfigDict(config.to_dict())
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                raise InputError(reason_of(error)) from None
        else:
            (folder / "run").mkdir(exist_ok=True)
            RunDirectory(folder / "run").write_config(case["config"])
            try:
                config = ml_collections.ConfigDict(RunDirectory(folder / "run").read_config())
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                raise InputError(reason_of(error)) from None
        method = runs.build_method(config)
        json.dumps(config.to_dict())
        if config.method != "colour_transfer" and config.data.name == "casia_a":
            data = method.open_data(runs.open_data(config.data, config.seed, False), {}, False)
            size = parallel.local_batch(config.batch_size)
            next(batches.train_batches(data.train, min(size, 64), config.seed))
            batches.fixed_batch(data.held_out, min(config.eval_batch, 64), config.seed)
        if case["shapes"]:
            jax.eval_shape(method.init)
        return READ
