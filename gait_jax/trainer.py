"""Trains runs, with the runs that they build on, by one loop for every method."""

import pathlib
from collections.abc import Callable, Iterator, Mapping

import jax
import ml_collections
import numpy as np
from absl import logging

from gait_jax import runs
from gait_jax.data import batches
from gait_jax.gait import picture
from gait_jax.methods.base import FittedMethod, Method, Run, State, TrainedMethod
from gait_jax.methods.identity import may_change
from gait_jax.runtime import bars, dispatch, distributed, keys, parallel, step_log
from gait_jax.runtime import steps as checkpoint_steps
from gait_jax.runtime.errors import FailedError, InputError
from gait_jax.runtime.output import Output
from gait_jax.runtime.run_directory import RunDirectory
from gait_jax.runtime.step_log import StepLog


class DivergedError(FailedError):
    """A loss became NaN or infinite, or the method found its run hopeless."""


# Where a run that another one builds on is trained: from its name and its configuration.
Place = Callable[[str, ml_collections.ConfigDict], pathlib.Path]


class _Prerequisites(Mapping[str, Run]):
    """The runs that a run builds on, each trained or opened when it is first asked for."""

    def __init__(
        self,
        needed: Mapping[str, ml_collections.ConfigDict | pathlib.Path],
        place: Place,
        progress: bool,
    ):
        self._needed, self._place, self._progress = needed, place, progress
        self._opened: dict[str, Run] = {}

    def __getitem__(self, name: str) -> Run:
        if name not in self._opened:
            needed = self._needed[name]
            if isinstance(needed, pathlib.Path):
                self._opened[name] = runs.open_run(needed)
            else:
                folder = self._place(name, needed)
                logging.info("Pre-training %s in %s.", name, folder)
                state = train_and_evaluate(needed, folder, self._progress, self._place)
                method = runs.build_method(needed)
                self._opened[name] = Run(folder, needed, method, state, int(state.step))
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._needed)

    def __len__(self) -> int:
        return len(self._needed)


def train_and_evaluate(
    config: ml_collections.ConfigDict,
    workdir: str | pathlib.Path,
    progress: bool = True,
    place: Place | None = None,
) -> State:
    """Trains a method, or goes on where an earlier call with the same folder stopped.

    Everything a run leaves stands in its folder: config.json, provenance.json, metrics.jsonl,
    checkpoints/, samples/*.png, curves.png, and a folder for each run that this one builds on.

    Args:
      config: the configuration (see `configs/`).
      workdir: the run's folder, made where it is missing.
      progress: whether to show progress bars.
      place: where runs that this one builds on are trained; in `workdir`, by their names, if None.

    Returns:
      The final state, as NumPy arrays.

    Raises:
      InputError: the configuration, the data or the folder cannot be used.
      DivergedError: a loss became NaN or infinite, or the method found its run hopeless;
        checkpoints from before it are kept.
      PreemptedError: the run was told to stop (SIGTERM, Ctrl-C), and saved.
    """
    workdir = pathlib.Path(workdir)
    settings = config.to_dict()
    files = RunDirectory(workdir)
    if files.is_exported:
        raise InputError(
            f"{workdir} is an exported model, nothing to go on from: use another --workdir"
        )
    files.check_config(settings, may_change(settings))
    method = runs.build_method(config)
    needed = _Prerequisites(
        method.prerequisites(), place or (lambda name, _: workdir / name), progress
    )
    if isinstance(method, FittedMethod):
        return _fit(config, method, workdir, progress)
    return _train(config, method, workdir, needed, progress)


def prepare(config: ml_collections.ConfigDict, progress: bool = True) -> None:
    """Makes everything that training will read, so that no accelerator waits for it.

    That is the data set, what is derived from it, and the same for the runs that this one builds
    on. What only a trained run can make, such as crops of a method that is not trained yet, is left
    to the training, and the log says so.

    Args:
      config: the configuration of a training.
      progress: whether to show progress bars.

    Raises:
      InputError: the configuration or the data cannot be used, or what is made cannot be written.
    """
    method = runs.build_method(config)
    needed = method.prerequisites()
    for later in needed.values():
        if isinstance(later, ml_collections.ConfigDict):
            prepare(later, progress)
    dataset = _dataset(config, method, progress)

    def untrained(name: str, _) -> pathlib.Path:
        raise _UntrainedError(name)

    try:
        method.prepare_data(dataset, _Prerequisites(needed, untrained, progress), progress)
    except _UntrainedError as error:
        logging.warning(
            "%s: what needs a trained %s is left to the training.", config.method, error
        )


class _UntrainedError(Exception):
    """A run that is still to be trained was asked for."""


def _dataset(config: ml_collections.ConfigDict, method: Method, progress: bool):
    """The gaits that a method learns from; None for one that makes what it learns from."""
    if not method.NEEDS_GAITS:
        return None
    return runs.open_data(config.data, config.seed, progress)


def _fit(
    config: ml_collections.ConfigDict, method: FittedMethod, workdir: pathlib.Path, progress: bool
) -> State:
    """A run of a method that is computed at once."""
    dataset = _dataset(config, method, progress)
    # Only what can be computed leaves a folder, which would refuse a better configuration.
    begun = RunDirectory(workdir).config_file.exists()
    fitted = None if begun else method.fit(dataset, progress)
    with Output(workdir, config, may_change(config.to_dict())) as output:
        start, state, _ = output.newest(lambda: jax.eval_shape(method.init))
        output.begin(start, dataset.description)
        if not start:
            state, measures = fitted or method.fit(dataset, progress)
            output.metrics(1, measures)
            output.save(1, state, {})
        output.finish(state)
    return state


def _train(
    config: ml_collections.ConfigDict,
    method: TrainedMethod,
    workdir: pathlib.Path,
    prerequisites: Mapping[str, Run],
    progress: bool,
) -> State:
    """A run of a method that learns step by step."""
    plan = dispatch.Plan(config)
    if config.compilation_cache:
        jax.config.update("jax_compilation_cache_dir", config.compilation_cache)
    devices = parallel.local_devices(config.batch_size, config.accumulate)
    dataset = _dataset(config, method, progress)
    data = method.open_data(dataset, prerequisites, progress)
    # What a run builds on has the same seed, and draws streams of its own from it.
    order, watched = (
        keys.stream_seed(config.seed, f"{config.method} {name}") for name in ("order", "held out")
    )
    batch_size = parallel.local_batch(config.batch_size)
    iterator = batches.train_batches(
        data.train, batch_size, order, jax.process_index(), jax.process_count()
    )
    held_out = batches.fixed_batch(data.held_out, config.eval_batch, watched)

    # Only now: a configuration that cannot be used leaves no folder that refuses a better one.
    allowed = may_change(config.to_dict())
    output = Output(workdir, config, allowed, config.keep_checkpoints)
    with distributed.interruptible(), output:
        start, state, position = output.newest(lambda: jax.eval_shape(method.init))
        if start:
            iterator.set_state(position)
            logging.info("Going on in %s after step %d.", workdir, start)
        else:
            state = parallel.to_host(method.init(prerequisites, data.statistics))
        output.begin(start, data.description)
        if start < config.train_steps:
            logging.info("%s: %s.", config.method, data.summary)
            steps = plan.feed(start, iterator, devices)
            state = parallel.replicate(state, devices)
            bar = bars.bar(
                shown=progress and distributed.is_main(),
                total=config.train_steps,
                initial=start,
                unit="step",
                desc=config.method,
            )
            with bar:
                state = _loop(config, method, state, plan, steps, held_out, output, data.unit, bar)
        output.finish(state)
    return parallel.to_host(state)


def _loop(config, method, state, plan, steps, held_out, output, unit, bar):
    """All steps of a feed."""
    step_function = parallel.parallel_steps(method.train_step)
    # Only one process looks at what comes of it.
    evaluate, samples = jax.jit(method.evaluate), jax.jit(method.samples)
    units, per_example = unit
    log = StepLog(config.method, config.train_steps, config.batch_size * per_example, units)
    checked = not config.keep_best
    with dispatch.Profiler(output.run.profile, plan.profile) as profiler:
        for first, step, batch, position in steps:
            profiler.before(first)
            state, metrics = step_function(state, batch)
            profiler.after(step, metrics)
            log.add(range(first, step + 1), metrics)
            bar.update(step + 1 - first)
            # All processes look at the same numbers: a mean over all of them.
            due = plan.due(step)
            stop = distributed.told_to_stop()
            if due or stop:
                rows, means = log.read()
                bad = step_log.first_not_finite(rows)
                if bad:
                    at, wrong = bad[0], f"{bad[1]} is {bad[2]}"
                else:
                    at, wrong = step, method.hopeless(means)
                if wrong:
                    raise DivergedError(
                        f"step {at}: {wrong}; {output.kept()}. Lower the learning rate, or change "
                        "the seed"
                    )
                if not checked:
                    evaluated = jax.eval_shape(method.evaluate, state, held_out)
                    _check_best(config.keep_best, [*means, *(f"eval_{k}" for k in evaluated)])
                    checked = True
                bar.set_postfix_str(log.rate(means))
                output.metrics(step, means)
                log.tell(step, means)
            if dispatch.EVALUATE in due and distributed.is_main():
                values = {f"eval_{k}": float(v) for k, v in evaluate(state, held_out).items()}
                output.metrics(step, values)
                told = step_log.in_line(values)
                logging.info("%s: evaluation after step %d: %s.", config.method, step, told)
                drawn = jax.tree.map(np.asarray, samples(state, held_out))
                sheet = method.picture(held_out, drawn)
                output.sample(step, picture.png(sheet), sheet)
                log.resume()
            if dispatch.SAVE in due or stop:
                output.save(step, state, position)
            if stop and step < config.train_steps:
                raise distributed.PreemptedError(
                    f"told to stop; step {step} is saved in {output.run.path}. Run the same "
                    "command again to go on"
                )
    return state


def _check_best(rule: str, names: list[str]) -> None:
    """Refuses a `keep_best` whose metric is none of those that are logged."""
    if checkpoint_steps.metric_of(rule) not in names:
        raise InputError(
            f"keep_best {rule!r} names no metric of this run: it has {', '.join(sorted(names))}"
        )
