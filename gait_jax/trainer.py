"""The one training loop, for every method."""

import pathlib
import time

import jax
import ml_collections
import numpy as np
import tqdm
from absl import logging

from gait_jax.data import batches
from gait_jax.gait import picture
from gait_jax.methods import METHODS, runs
from gait_jax.methods.base import Method, State
from gait_jax.runtime import dispatch, distributed, metric_log, parallel
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.output import Output
from gait_jax.runtime.run_directory import RunDirectory

# Keys that a restart may change: they say how far and how closely watched the run is, where its
# data stands and how it is computed, not what is computed.
_MAY_CHANGE = (
    "train_steps",
    "log_every",
    "eval_every",
    "checkpoint_every",
    "keep_checkpoints",
    "steps_per_dispatch",
    "accumulate",
    "prefetch",
    "compilation_cache",
    "profile",
)
MAY_CHANGE = frozenset(
    {"data.data_dir", "data.manual_dir", *_MAY_CHANGE, *(f"noise_gan.{k}" for k in _MAY_CHANGE)}
)


class DivergedError(RuntimeError):
    """A loss became NaN or infinite."""


def build_method(config: ml_collections.ConfigDict) -> Method:
    """The method that a configuration names.

    Raises:
      InputError: there is no such method.
    """
    return runs.build_method(config, METHODS)


def load_run(workdir: pathlib.Path) -> tuple[ml_collections.ConfigDict, Method, State, int]:
    """Opens a training run, or an exported model, for use; see `methods.runs.load_run`."""
    return runs.load_run(workdir, METHODS)


def _pretrained(config, workdir: pathlib.Path, progress: bool) -> dict[str, State]:
    """Final states of the runs that this one builds on, trained now unless one is given."""
    states = {}
    for name, needed in METHODS[config.method].prerequisites(config).items():
        given = config[name].checkpoint
        if not given:
            logging.info("Pre-training %s in %s.", name, workdir / name)
            states[name] = train_and_evaluate(needed, workdir / name, progress)
            continue
        states[name] = load_run(pathlib.Path(given).expanduser())[2]
        shapes = jax.tree.map(lambda x: x.shape, states[name].ema)
        if shapes != jax.tree.map(lambda x: x.shape, jax.eval_shape(build_method(needed).init).ema):
            raise InputError(
                f"{given} ({name}.checkpoint) was trained with networks of other sizes: set "
                f"{name}.generator and data.points as in its config.json, or leave "
                f"{name}.checkpoint empty"
            )
    return states


def train_and_evaluate(
    config: ml_collections.ConfigDict,
    workdir: pathlib.Path,
    progress: bool = True,
    pretrained: dict[str, State] | None = None,
) -> State:
    """Trains a method, or goes on where an earlier call with the same folder stopped.

    Everything a run leaves stands in its folder: config.json, provenance.json, metrics.jsonl,
    checkpoints/, samples/*.png, curves.png, and a folder for each run that this one builds on.

    Args:
      config: the configuration (see `configs/`).
      workdir: the run's folder, made where it is missing.
      progress: whether to show progress bars.
      pretrained: final states of the runs that this one builds on; without them they are trained
        in `workdir`, or read from where the configuration says.

    Returns:
      The final state, as NumPy arrays.

    Raises:
      InputError: the configuration, the data or the folder cannot be used.
      DivergedError: a loss became NaN or infinite; checkpoints from before it are kept.
      PreemptedError: the run was sent SIGTERM, and saved.
    """
    workdir = pathlib.Path(workdir)
    RunDirectory(workdir).check_config(config.to_dict(), MAY_CHANGE)
    method = build_method(config)
    plan = dispatch.Plan(config)
    if config.compilation_cache:
        jax.config.update("jax_compilation_cache_dir", config.compilation_cache)
    batch_size = parallel.local_batch(config.batch_size, config.accumulate)
    data = method.open_data(progress)
    iterator = batches.train_batches(
        data.train, batch_size, config.seed, jax.process_index(), jax.process_count()
    )
    held_out = batches.fixed_batch(data.held_out, config.eval_batch, config.seed)

    # Only now: a configuration that cannot be used leaves no folder that refuses a better one.
    output = Output(workdir, config)
    with output:
        start, state, place = output.newest(jax.eval_shape(method.init))
        if start:
            iterator.set_state(place)
            logging.info("Going on in %s after step %d.", workdir, start)
        else:
            if pretrained is None:
                pretrained = _pretrained(config, workdir, progress)
            state = parallel.to_host(method.init(pretrained, data.statistics))
        output.begin(start, data.description)
        if start < config.train_steps:
            logging.info("%s: %s.", config.method, data.summary)
            steps = plan.feed(start, iterator)
            bar = tqdm.tqdm(
                total=config.train_steps,
                initial=start,
                unit="step",
                desc=config.method,
                disable=not (progress and distributed.is_main()),
            )
            with bar:
                state = _loop(config, method, state, plan, steps, held_out, output, data.unit, bar)
        output.finish(state)
    return parallel.to_host(state)


def _loop(config, method, state, plan, steps, held_out, output, unit, bar):
    """All steps of a feed."""
    step_function = parallel.parallel_steps(method.train_step)
    state = parallel.replicate(state)
    # Only one process looks at what comes of it.
    evaluate, samples = jax.jit(method.evaluate), jax.jit(method.samples)
    units, per_example = unit
    unread: list = []
    logged = time.monotonic()
    with dispatch.Profiler(output.run.profile, plan.profile) as profiler:
        for first, step, shown, place in steps:
            profiler.before(first)
            state, metrics = step_function(state, shown)
            profiler.after(step, metrics)
            unread.append((range(first, step + 1), metrics))
            bar.update(step + 1 - first)
            # All processes look at the same numbers: a mean over all of them.
            due = plan.due(step)
            stop = distributed.told_to_stop()
            if due or stop:
                rows = _rows(unread)
                bad = metric_log.first_not_finite(rows)
                if bad:
                    raise DivergedError(
                        f"step {bad[0]}: {bad[1]} is {bad[2]}; {output.kept()}. Lower the "
                        "learning rate, or change the seed"
                    )
                now = time.monotonic()
                rate = config.batch_size * per_example * len(rows) / max(now - logged, 1e-9)
                means = {k: float(np.mean([row[k] for _, row in rows])) for k in rows[0][1]}
                bar.set_postfix_str(f"{rate:.0f} {units}/s")
                output.metrics(step, means | {f"{units}_per_second": rate})
                unread.clear()
                logged = now
            if dispatch.EVALUATE in due and distributed.is_main():
                values = {f"eval_{k}": float(v) for k, v in evaluate(state, held_out).items()}
                output.metrics(step, values)
                drawn = jax.tree.map(np.asarray, samples(state, held_out))
                output.sample(step, picture.png(method.picture(held_out, drawn)))
                logged = time.monotonic()
            if dispatch.SAVE in due or stop:
                output.save(step, state, place)
            if stop and step < config.train_steps:
                raise distributed.PreemptedError(
                    f"told to stop; step {step} is saved in {output.run.path}. Run the same "
                    "command again to go on"
                )
    return state


def _rows(unread) -> list[tuple[int, dict[str, float]]]:
    """(step, metrics) of each step since the last time they were read."""
    rows = []
    for steps, metrics in unread:
        values = {k: np.asarray(v) for k, v in metrics.items()}
        rows += [(s, {k: float(v[i]) for k, v in values.items()}) for i, s in enumerate(steps)]
    return rows
