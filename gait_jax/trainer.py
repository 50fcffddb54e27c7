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
from gait_jax.runtime import checkpoint, metric_log, parallel, records
from gait_jax.runtime.errors import InputError

# Keys that a restart may change: they say how far and how closely watched the run is, and where
# its data stands, not what is computed.
MAY_CHANGE = frozenset(
    {
        "train_steps",
        "log_every",
        "eval_every",
        "checkpoint_every",
        "keep_checkpoints",
        "data.data_dir",
        "data.manual_dir",
        "noise_gan.train_steps",
        "noise_gan.log_every",
        "noise_gan.eval_every",
        "noise_gan.checkpoint_every",
        "noise_gan.keep_checkpoints",
    }
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
    """
    workdir = pathlib.Path(workdir)
    records.check_config(workdir, config.to_dict(), MAY_CHANGE)
    method = build_method(config)
    data = method.open_data(progress)
    batch_size = parallel.local_batch(config.batch_size)
    iterator = batches.train_batches(
        data.train, batch_size, config.seed, jax.process_index(), jax.process_count()
    )
    held_out = batches.fixed_batch(data.held_out, config.eval_batch, config.seed)

    # Only now: a configuration that cannot be used leaves no folder that refuses a better one.
    records.make_workdir(workdir)
    records.write_config(workdir, config.to_dict())
    with checkpoint.Checkpoints(workdir, config.keep_checkpoints) as checkpoints:
        start = checkpoints.latest or 0
        if start:
            state, place = checkpoints.restore(start, jax.eval_shape(method.init))
            iterator.set_state(place)
            logging.info("Going on in %s after step %d.", workdir, start)
        else:
            if pretrained is None:
                pretrained = _pretrained(config, workdir, progress)
            state = parallel.to_host(method.init(pretrained, data.statistics))
        records.write_provenance(workdir, start, data.description)
        if start < config.train_steps:
            logging.info("%s: %s.", config.method, data.summary)
            state = _loop(
                config,
                workdir,
                method,
                state,
                start,
                iterator,
                held_out,
                checkpoints,
                data.unit,
                progress,
            )
    metric_log.plot_metrics(workdir)
    return parallel.to_host(state)


def _loop(config, workdir, method, state, start, iterator, held_out, checkpoints, unit, progress):
    """Steps `start` to `config.train_steps`."""
    step_function = parallel.parallel_step(method.train_step)
    state = parallel.replicate(state)
    evaluate = jax.jit(method.evaluate)
    samples = jax.jit(method.samples)
    units, per_example = unit
    writer = metric_log.MetricWriter(workdir, start)
    bar = tqdm.tqdm(
        total=config.train_steps,
        initial=start,
        unit="step",
        desc=config.method,
        disable=not progress,
    )
    unread: list = []
    logged = time.monotonic()
    try:
        for step in range(start + 1, config.train_steps + 1):
            state, metrics = step_function(state, parallel.shard(next(iterator)))
            unread.append((step, metrics))
            bar.update()
            last = step == config.train_steps
            save = last or step % config.checkpoint_every == 0
            look = last or step % config.eval_every == 0
            if step % config.log_every == 0 or save or look:
                rows = [(s, {k: float(v) for k, v in m.items()}) for s, m in unread]
                bad = metric_log.first_not_finite(rows)
                if bad:
                    raise DivergedError(
                        f"step {bad[0]}: {bad[1]} is {bad[2]}; the checkpoint after step "
                        f"{checkpoints.latest or 0} in {workdir} is kept. Lower the learning "
                        "rate, or change the seed"
                    )
                now = time.monotonic()
                shown = config.batch_size * per_example * len(rows)
                rate = shown / max(now - logged, 1e-9)
                means = {k: float(np.mean([row[k] for _, row in rows])) for k in rows[0][1]}
                bar.set_postfix_str(f"{rate:.0f} {units}/s")
                writer.write(step, means | {f"{units}_per_second": rate})
                unread.clear()
                logged = now
            # Evaluate and save before the next batch is drawn: the iterator's place is this step's.
            if look:
                values = {f"eval_{k}": float(v) for k, v in evaluate(state, held_out).items()}
                writer.write(step, values)
                drawn = jax.tree.map(np.asarray, samples(state, held_out))
                path = workdir / "samples" / f"{step:07d}.png"
                path.parent.mkdir(exist_ok=True)
                picture.save_png(path, method.picture(held_out, drawn))
                logged = time.monotonic()
            if save:
                checkpoints.save(step, state, iterator.get_state())
    finally:
        bar.close()
        writer.close()
    return state
