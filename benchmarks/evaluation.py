"""How long it takes to measure 400 anonymised sequences against every recogniser of an evaluation.

    python benchmarks/evaluation.py WORKDIR [--method stand_in] [--data-dir DIR] [--sequences 400]

WORKDIR is one of `python -m gait_jax.evaluate --config=configs/papers/jisa2019.py`, finished: its
runs are used, and the data set that it measured on. Of the test subjects' sequences the first ones
are taken, whole subjects first, and shared by subject among as many processes as there are cores,
as an evaluation shares its pieces. Each anonymises its share, and scores it by all recognisers
against both attackers. Printed: seconds of each process for opening all that it needs, for
anonymising, and for each recogniser; and by the clock until the last one has done, from when all
have opened theirs. What is anonymised here is removed in the end.
"""

import argparse
import multiprocessing
import os
import pathlib
import shutil
import time
from typing import Any

import numpy as np

from configs.papers import jisa2019
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.evaluation.study import Study
from tfds_casia.parts import cores

_RANKS = (1, 3)


def _study(workdir: pathlib.Path, data_dir: str, method: str) -> Study:
    """The evaluation whose folder it is, with the runs that stand there."""
    config = jisa2019.get_config()
    config.data.data_dir = data_dir
    config.methods = {method: config.methods[method].to_dict()}
    config.evaluators = {"identification": config.evaluators.identification.to_dict()}
    for part in ("recognisers", "methods"):
        for name, settings in config[part].items():
            settings.checkpoint = settings.checkpoint or str(workdir / part / name)
    return Study(config, workdir, progress=False)


def _share(
    args: argparse.Namespace, number: int, processes: int, opened: Any, results: Any
) -> None:
    """Measures every so-manyth subject."""
    begin = time.perf_counter()
    study = _study(args.workdir, args.data_dir, args.method)
    probed = study.protocol.probed
    indices = study.dataset.indices(study.dataset.members(probed))[: args.sequences]
    sequences = study.dataset.gaits.sequences
    people = sorted({sequences[index].subject for index in indices})[number::processes]
    own = [index for index in indices if sequences[index].subject in people]
    anonymizer = study.methods[args.method].anonymizer()
    recognisers = {name: run.recogniser() for name, run in study.recognisers.items()}
    clean = study.originals.of_subjects(np.array(people))
    seconds = {"opened": time.perf_counter() - begin}
    opened.wait()

    begin = time.perf_counter()
    # Under a name of its own: one that has been used would be opened, not made.
    name = f"benchmark {os.getpid()} {time.time_ns()}"
    store = anonymized_gaits(study.dataset, anonymizer, name, 0, own, progress=False)
    try:
        seconds["anonymised"] = time.perf_counter() - begin
        changed = Gaits.of(store)
        probes = study.probes(changed, probed)
        for name, recogniser in recognisers.items():
            begin = time.perf_counter()
            for gaits in (clean, changed):
                scoring.score(recogniser, probes, study.gallery(gaits), _RANKS)
            seconds[f"scored by {name}"] = time.perf_counter() - begin
        results.put((number, len(own), len(store.numbers), seconds))
    finally:
        shutil.rmtree(store.directory)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workdir", type=pathlib.Path)
    parser.add_argument("--method", default="stand_in", help="default: %(default)s")
    parser.add_argument("--data-dir", default="", help="where the data set stands, if it was moved")
    parser.add_argument("--sequences", type=int, default=400)
    parser.add_argument("--processes", type=int, default=cores())
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    opened, results = context.Barrier(args.processes + 1), context.Queue()
    workers = [
        context.Process(target=_share, args=(args, i, args.processes, opened, results))
        for i in range(args.processes)
    ]
    for worker in workers:
        worker.start()
    opened.wait()
    begin = time.perf_counter()
    found = sorted(results.get() for _ in workers)
    total = time.perf_counter() - begin
    for number, count, frames, seconds in found:
        told = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        print(f"process {number}: {count} sequences, {frames} frames; {told}")
    sequences, frames = (sum(one[i] for one in found) for i in (1, 2))
    print(f"{sequences} sequences, {frames} frames: {total:.1f} s, {frames / total:.0f} frames/s")
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
