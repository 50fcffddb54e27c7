"""How long it takes to measure 400 anonymised sequences against every recogniser of an evaluation.

    python benchmarks/evaluation.py WORKDIR [--method stand_in] [--data-dir DIR] [--sequences 400]

WORKDIR is one of `python -m gait_jax.evaluate --config=configs/papers/jisa2019.py`, finished: its
runs are used, and the data set that it measured on. Of the test subjects' sequences the first ones
are taken, whole subjects first, and shared by subject among as many processes as there are cores,
each on its own ones, as an evaluation shares its pieces. Each anonymises its share, and scores it
by all recognisers against both attackers. Printed: seconds of each process for opening all that it
needs, for anonymising, and for each recogniser; and by the clock from when the first one has opened
its own until the last one has done. What is anonymised here is removed in the end.
"""

import argparse
import contextlib
import multiprocessing
import os
import pathlib
import shutil
import time
from concurrent import futures

import numpy as np

from configs.papers import jisa2019
from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.evaluation.study import Study
from gait_jax.runtime import cores

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


def _share(args: argparse.Namespace, number: int) -> tuple[int, int, dict[str, float], list[float]]:
    """Measures every so-manyth subject: sequences, frames, seconds, and when it began and ended."""
    begin = time.perf_counter()
    study = _study(args.workdir, args.data_dir, args.method)
    probed = study.protocol.probed
    people = {*study.dataset.indices(study.dataset.members(probed))}
    indices = [index for index in study.tested if index in people][: args.sequences]
    sequences = study.dataset.gaits.sequences
    people = sorted({sequences[index].subject for index in indices})[number :: args.processes]
    own = [index for index in indices if sequences[index].subject in people]
    anonymizer = study.methods[args.method].anonymizer()
    recognisers = {name: run.recogniser() for name, run in study.recognisers.items()}
    clean = study.originals.of_subjects(np.array(people))
    seconds = {"opened": time.perf_counter() - begin}

    began, begin = time.time(), time.perf_counter()
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
        return len(own), len(store.numbers), seconds, [began, time.time()]
    finally:
        shutil.rmtree(store.directory)


def _shared(args: argparse.Namespace) -> list[tuple[int, int, dict[str, float], list[float]]]:
    """What `_share` says in each process."""
    spawn = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        asked = []
        for number in range(args.processes):
            pool = stack.enter_context(futures.ProcessPoolExecutor(1, spawn))
            # It starts its process when it is first asked.
            with cores.own(number, args.processes):
                asked.append(pool.submit(_share, args, number))
        return [each.result() for each in asked]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workdir", type=pathlib.Path)
    parser.add_argument("--method", default="stand_in", help="default: %(default)s")
    parser.add_argument("--data-dir", default="", help="where the data set stands, if it was moved")
    parser.add_argument("--sequences", type=int, default=400)
    parser.add_argument("--processes", type=int, default=cores.count())
    args = parser.parse_args()
    found = _shared(args)
    for number, (count, frames, seconds, _) in enumerate(found):
        told = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        print(f"process {number}: {count} sequences, {frames} frames; {told}")
    sequences, frames = (sum(one[i] for one in found) for i in (0, 1))
    total = max(times[1] for *_, times in found) - min(times[0] for *_, times in found)
    print(f"{sequences} sequences, {frames} frames: {total:.1f} s, {frames / total:.0f} frames/s")


if __name__ == "__main__":
    main()
