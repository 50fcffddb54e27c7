"""How long it takes to measure 400 anonymised sequences against both recognisers.

    python benchmarks/evaluation.py WORKDIR [--data-dir DIR] [--sequences 400]

WORKDIR is one of `python -m gait_jax.evaluate --config=configs/jisa2019.py`, finished: its
recognisers and its anonymiser are used. Of the test subjects' sequences the first ones are taken,
whole subjects first. Printed: seconds for anonymising them, and for both recognisers against both
attackers; the Zheng-style recogniser's training.
"""

import argparse
import importlib.util
import pathlib
import tempfile
import time

import jax
import numpy as np
from gait_jax.anonymizer import Anonymizer
from gait_jax.evaluation.anonymized import anonymize_walks
from gait_jax.recognition import scoring
from gait_jax.recognition.protocol import PROTOCOLS, chosen
from gait_jax.recognition.zheng2011 import Zheng2011Recogniser

from gait_jax import trainer
from gait_jax.data.dataset import GaitDataset


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workdir", type=pathlib.Path)
    parser.add_argument("--data-dir", default="")
    parser.add_argument("--sequences", type=int, default=400)
    args = parser.parse_args()
    path = pathlib.Path(__file__).parents[1] / "configs" / "jisa2019.py"
    spec = importlib.util.spec_from_file_location("jisa2019", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config, protocol = module.get_config(), PROTOCOLS["jisa2019"]
    config.data.data_dir, config.data.groups = args.data_dir, protocol.groups
    dataset = GaitDataset(config.data)
    settings = config.recognisers.zheng2011
    known, _ = dataset.energies(settings.size)
    start = time.perf_counter()
    zheng = Zheng2011Recogniser.fit(
        known.of_subjects(dataset.members(protocol.train)), settings.components, settings.rank
    )
    print(f"zheng2011 trained   {time.perf_counter() - start:6.1f} s")
    _, method, state, _ = trainer.load_run(args.workdir / "recognisers" / "wu2017")
    wu = method.recogniser(state)

    members = set(dataset.members(protocol.probed))
    indices = [i for i, walk in enumerate(dataset.walks) if walk.subject in members]
    indices = indices[: args.sequences]
    anonymizer = Anonymizer(args.workdir / "methods" / "alpha_03")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sheet = pathlib.Path(folder) / "sheet.png"
        found = anonymize_walks(
            dataset, indices, anonymizer, jax.random.key(0), [64], 10, sheet, None, True
        )
    frames = found.summary["frames"]
    seconds = time.perf_counter() - start
    print(f"anonymised          {seconds:6.1f} s, {len(indices)} sequences, {frames} frames")

    changed = found.energies[64]
    clean = known.of_subjects(np.unique(changed.subjects))
    for name, recogniser in (("zheng2011", zheng), ("wu2017", wu)):
        start = time.perf_counter()
        probes = changed.take(chosen(protocol.probes, changed))
        for gallery in (clean, changed):
            enrolled = gallery.take(chosen(protocol.gallery, gallery))
            scoring.score(recogniser, probes, enrolled, (1, 3))
        seconds = time.perf_counter() - start
        print(f"{name:10} scored   {seconds:6.1f} s, both attackers, {len(probes)} probes")


if __name__ == "__main__":
    main()
