"""How long it takes to measure 400 anonymised sequences against both recognisers.

    python benchmarks/evaluation.py WORKDIR [--data-dir DIR] [--sequences 400]

WORKDIR is one of `python -m gait_jax.evaluate --config=configs/jisa2019.py`, finished: its runs are
used, and the data set that its anonymiser was trained on. Of the test subjects' sequences the first
ones are taken, whole subjects first. Printed: seconds for computing the Zheng-style recogniser
anew; for anonymising the sequences; for their gait energy images and scores, by both recognisers
against both attackers; frames/s of the last two together. What is anonymised here is removed in the
end.
"""

import argparse
import os
import pathlib
import shutil
import time

import numpy as np

from configs import jisa2019
from gait_jax import runs
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.evaluation.study import Study

_METHOD = "alpha_03"
_RANKS = (1, 3)


def _study(workdir: pathlib.Path, data_dir: str) -> Study:
    """The evaluation whose folder it is, with the runs that stand there."""
    config = jisa2019.get_config()
    data = runs.open_run(workdir / "methods" / _METHOD).config.data
    for name in config.data:
        config.data[name] = data[name]
    config.data.data_dir = data_dir or data.data_dir
    for part in ("recognisers", "methods"):
        for name, settings in config[part].items():
            settings.checkpoint = str(workdir / part / name)
    return Study(config, workdir, progress=False)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workdir", type=pathlib.Path)
    parser.add_argument("--data-dir", default="", help="where the data set stands, if it was moved")
    parser.add_argument("--sequences", type=int, default=400)
    args = parser.parse_args()
    study = _study(args.workdir, args.data_dir)
    zheng = study.recognisers["zheng2011"].method
    # The first time makes the gait energy images of all originals.
    zheng.fit(study.dataset, progress=False)
    start = time.perf_counter()
    zheng.fit(study.dataset, progress=False)
    print(f"zheng2011 fitted   {time.perf_counter() - start:6.1f} s", flush=True)

    probed = study.protocol.probed
    indices = study.dataset.indices(study.dataset.members(probed))[: args.sequences]
    run = study.methods[_METHOD]
    anonymizer = run.anonymizer()
    start = time.perf_counter()
    # Under a name of its own: one that has been used would be opened, not made.
    name = f"benchmark {os.getpid()} {time.time_ns()}"
    store = anonymized_gaits(study.dataset, anonymizer, name, 0, indices, progress=False)
    try:
        anonymized = time.perf_counter() - start
        frames = len(store.numbers)
        print(f"anonymised         {anonymized:6.1f} s, {len(indices)} sequences, {frames} frames")
        changed = Gaits.of(store)
        clean = study.originals.of_subjects(np.unique(changed.subjects))
        probes = study.probes(changed, probed)
        total = anonymized
        for name, known in study.recognisers.items():
            recogniser = known.recogniser()
            start = time.perf_counter()
            for gaits in (clean, changed):
                scoring.score(recogniser, probes, study.gallery(gaits), _RANKS)
            seconds = time.perf_counter() - start
            total += seconds
            print(f"{name:10} scored  {seconds:6.1f} s, both attackers, {len(probes)} probes")
        print(f"together           {total:6.1f} s, {frames / total:.0f} frames/s")
    finally:
        shutil.rmtree(store.directory)


if __name__ == "__main__":
    main()
