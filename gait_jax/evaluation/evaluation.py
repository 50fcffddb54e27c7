"""A whole evaluation: trains what it needs, asks its evaluators, writes rows and report."""

import dataclasses
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import ml_collections
import pandas as pd

from gait_jax import trainer
from gait_jax.evaluation import opengait, report, rows, sections, seeds, settings, sharing
from gait_jax.evaluation.evaluators.base import Evaluator
from gait_jax.evaluation.evaluators.registry import EVALUATORS
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import MEASURED, Row
from gait_jax.evaluation.study import Study
from gait_jax.methods.base import Run
from gait_jax.runtime import records
from gait_jax.runtime.errors import InUseError
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.runtime.lock import WorkdirLock


def _export(study: Study) -> None:
    """Writes all silhouettes, original and anonymised, as OpenGait reads them."""
    folder, protocol, members = study.workdir / "opengait", study.protocol, study.dataset.members
    tested = {*members(protocol.enrolled), *members(protocol.probed)}
    originals, training = study.dataset.gaits, study.training_indices
    people = {originals.sequences[index].subject for index in training}
    twice = [index for index in training if originals.sequences[index].subject in tested]
    parts = {"original": [opengait.Part(originals), opengait.Part(originals, twice, tested)]}
    for method in study.methods:
        learned_from = opengait.Part(study.training_store(method), None, tested)
        parts[method] = [opengait.Part(study.anonymized_store(method)), learned_from]
    for name, wanted in parts.items():
        opengait.export(folder / name, wanted)
    opengait.write_partition(folder / "partition.json", people, tested)


def prepare(
    config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool = True
) -> None:
    """Makes everything of the data set that an evaluation and its trainings will read.

    Anonymised gaits are left to the evaluation, as they need what it trains.

    Args:
      config: the configuration.
      workdir: the evaluation's folder; nothing is written to it.
      progress: whether to show progress bars.

    Raises:
      InputError: the configuration or the data cannot be used, or what is made cannot be written.
    """
    settings.check(config)
    for own, folder in _by_seed(config, pathlib.Path(workdir)).values():
        for training in Study(own, folder, progress).trainings():
            trainer.prepare(training, progress)


def _by_seed(
    config: ml_collections.ConfigDict, workdir: pathlib.Path
) -> dict[int, tuple[ml_collections.ConfigDict, pathlib.Path]]:
    """Configuration and folder by seed: the first one's folder is the evaluation's own."""
    found = {}
    for seed in range(config.seed, config.seed + config.get("seeds", 1)):
        own = ml_collections.ConfigDict(config.to_dict() | {"seed": seed})
        found[seed] = own, workdir if seed == config.seed else workdir / "seeds" / str(seed)
    return found


def _with_steps(found: Iterable[Row], study: Study) -> Iterator[Row]:
    """Rows that also say how long their method was trained."""
    # After the first rows, for which methods are trained.
    known: dict[str, Run] = {}
    for row in found:
        known = known or study.methods | study.colourisers
        if row.source == MEASURED and row.method in known:
            row = dataclasses.replace(row, step=known[row.method].step)
        yield row


def evaluate(
    config: ml_collections.ConfigDict,
    workdir: str | pathlib.Path,
    progress: bool = True,
    share: tuple[int, int] | None = None,
    processes: int = 1,
) -> dict[str, Any] | None:
    """Measures methods, or goes on where an earlier call stopped.

    Everything stands in the folder: recognisers/ and methods/ (training runs), scores/ and the like
    (what evaluators keep), results.json, results.csv, report.html and, with `export`, opengait/.
    With several seeds, what all but the first need stands in seeds/, with the rows of each in
    seeds/results-N.csv. Anonymised gaits stand beside the data set.

    Args:
      config: the configuration (see `configs/jisa2019.py`).
      workdir: the folder, made where it is missing.
      progress: whether to show progress bars.
      share: (task, tasks), from 0: others do the same evaluation in the same folder, at this time
        or another, and this process leaves them what they are at.
      processes: how many tasks to start on this machine, by this process's own command line, if it
        is none itself; 1 does all of it here.

    Returns:
      What also stands in results.json; None where another task wrote that.

    Raises:
      InputError: the configuration, the data or the folder cannot be used, or another process
        writes the folder.
      DivergedError: a training's loss became NaN or infinite.
      PreemptedError: told to stop; what is done is kept.
      TaskFailedError: one of `processes` failed.
    """
    workdir = pathlib.Path(workdir)
    settings.check(config)
    # Before there is any work: a data set that is missing is made next.
    with records.tried_in(workdir):
        asked = [_Asked(*each, progress) for each in _by_seed(config, workdir).values()]
    evaluators = [evaluator for each in asked for evaluator in each.evaluators]
    # Where something is trained last, whoever else there is waits for it.
    pieces = [piece for evaluator in evaluators for piece in evaluator.awaited()]
    pieces += [piece for evaluator in evaluators for piece in evaluator.pieces()]
    board = sharing.Board(workdir / "pieces" / fingerprint(config.to_dict()), len(pieces))
    if share:
        for each in asked:
            each.study.waits = False
        sharing.do_share(pieces, board, *share)
        for each in asked:
            each.study.waits = True
        try:
            with WorkdirLock(workdir):
                return _measure(config, workdir, asked)
        except InUseError:
            # Whoever holds it has all that this task has.
            return None
    with WorkdirLock(workdir):
        if processes > 1 and len(board.left()) > 1:
            for training in (one for each in asked for one in each.study.trainings()):
                # With all cores, before they are shared out.
                trainer.prepare(training, progress)
            for each in asked:
                each.prepare_colours()
            sharing.run_tasks(min(processes, len(pieces)), board, len(pieces), progress)
        return _measure(config, workdir, asked)


class _Asked:
    """An evaluation with one seed: its study and evaluators."""

    def __init__(self, config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool):
        self.study = Study(config, workdir, progress)
        self.evaluators: list[Evaluator] = [
            EVALUATORS[name](own, self.study) for name, own in config.evaluators.items()
        ]

    def prepare_colours(self) -> None:
        """Prepares the data set in colour, where anybody looks at that."""
        if any(one.IN_COLOUR and one.settings.walks for one in self.evaluators):
            self.study.dataset.prepare_in_colour()

    def measured(self) -> pd.DataFrame:
        """The rows of all evaluators."""
        found = (row for evaluator in self.evaluators for row in evaluator.rows())
        return rows.to_frame(_with_steps(found, self.study))


def _measure(
    config: ml_collections.ConfigDict, workdir: pathlib.Path, asked: list[_Asked]
) -> dict[str, Any]:
    """Asks the evaluators, and writes what they say; pictures are of the first seed."""
    study, evaluators = asked[0].study, asked[0].evaluators
    if study.protocol and config.export:
        _export(study)
    by_seed = {each.study.config.seed: each.measured() for each in asked}
    if len(asked) > 1:
        for seed, measured in by_seed.items():
            rows.write_csv(workdir / "seeds" / f"results-{seed}.csv", measured)
    frame = seeds.combine([*by_seed.values()])
    described = study.describe()
    results = {
        "evaluators": {name: own.to_dict() for name, own in config.evaluators.items()},
        "protocol": study.protocol
        and {"name": config.protocol} | dataclasses.asdict(study.protocol),
        "seed": config.seed,
        "seeds": [*by_seed],
        "data": study.dataset.description,
        "software": records.software(),
        "recognisers": {
            name: {"workdir": str(run.workdir), "config": run.config.to_dict()}
            for name, run in study.recognisers.items()
        },
        "methods": described,
        "rows": rows.to_json(frame),
    }
    records.write_json(workdir / "results.json", results)
    rows.write_csv(workdir / "results.csv", frame)
    leaked = {name: method["trained_on_probed_people"] for name, method in described.items()}
    labels = {name: method["label"] for name, method in described.items()}
    told = [report.Text(said) for each in evaluators for said in each.headlines(frame)]
    parts = [Section("", [*told, *sections.warnings(labels, leaked)])]
    for evaluator in evaluators:
        parts += evaluator.sections(frame) if evaluator.OPENS else []
    parts.append(sections.measured(described))
    parts += seeds.sections([*by_seed.values()], [*by_seed], study.labels)
    if study.protocol:
        parts.append(sections.protocol(study.protocol, study.dataset.groups))
    for evaluator in evaluators:
        parts += [] if evaluator.OPENS else evaluator.sections(frame)
    asked_for = (name.replace("_", " ") for name in config.evaluators)
    title = f"{', '.join(asked_for)} on {study.dataset.name}"
    heading = f"What do the methods do? {title[0].upper()}{title[1:]}"
    report.write_html(workdir / "report.html", title, heading, results, parts)
    return results
