"""One task's share of a sweep's runs: each is done once, by whoever comes first."""

import gc
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import ml_collections
from absl import logging

from gait_jax import trainer
from gait_jax.evaluation import evaluation
from gait_jax.evaluation.sharing import checked_share
from gait_jax.runtime import distributed
from gait_jax.runtime.errors import FailedError, InputError, InUseError
from gait_jax.sweeps.directory import SweepDirectory
from gait_jax.sweeps.grid import Planned

Perform = Callable[[ml_collections.ConfigDict, pathlib.Path, bool], Any]


class SweepError(FailedError):
    """Some runs of a share could not be done; the others were."""


def perform(config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool) -> Any:
    """Trains what configures a training, and evaluates what configures an evaluation."""
    if "method" in config:
        return trainer.train_and_evaluate(config, workdir, progress)
    if jax.process_count() > 1:
        raise InputError("evaluating goes on in one process: start the sweep in one, for each task")
    return evaluation.evaluate(config, workdir, progress)


def share(planned: Sequence[Planned], task: int, tasks: int) -> list[Planned]:
    """The runs of one task out of `tasks`: every `tasks`-th.

    Raises:
      InputError: there is no such task.
    """
    first, every = checked_share(task, tasks)
    return list(planned[first::every])


def run_share(
    directory: SweepDirectory,
    planned: Sequence[Planned],
    progress: bool = True,
    perform: Perform = perform,
) -> None:
    """Does some runs one after the other, all but those that are done or in work elsewhere.

    A run that cannot be done keeps nothing from the others. To go on after an interruption, or
    after mending what failed, it is called again.

    Args:
      directory: the sweep's folder.
      planned: the runs.
      progress: whether to show progress bars.
      perform: does one run.

    Raises:
      SweepError: runs that could not be done, by name, with the reasons.
      PreemptedError: told to stop; the run in hand is saved.
    """
    failed, elsewhere = [], []
    for place, run in enumerate(planned, 1):
        # A run that ends just then does not say so.
        if distributed.told_to_stop():
            raise distributed.PreemptedError(
                f"told to stop before {run.name}. Run the same command again to go on"
            )
        # One process decides for all of a run: another may find the file a moment earlier.
        if distributed.value_from_main(directory.is_finished(run)):
            logging.info("Run %d of %d, %s: done already.", place, len(planned), run.name)
            continue
        logging.info("Run %d of %d: %s.", place, len(planned), run.name)
        try:
            perform(run.config, directory.run(run.name), progress)
        except InUseError as error:
            logging.warning("%s: %s", run.name, error)
            elsewhere.append(run.name)
        except (InputError, trainer.DivergedError) as error:
            logging.error("%s: %s", run.name, error)
            failed.append(f"{run.name} ({error})")
        else:
            if distributed.is_main():
                directory.finish(run)
        # Programs of this run; the next one's may be of other sizes.
        jax.clear_caches()
        gc.collect()
    if elsewhere:
        logging.warning("In work elsewhere: %s.", ", ".join(elsewhere))
    if failed:
        raise SweepError(
            f"{len(failed)} of {len(planned)} runs could not be done, the others were: "
            f"{'; '.join(failed)}. Mend that, and run the same command again"
        )
