r"""Measures methods: who is found in anonymised gaits, how natural they look, how true colours are.

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

Trains the recognisers and the methods that are not trained yet, anonymises the test subjects'
gaits, and writes report.html, results.json and results.csv. What is done already is not done again.
`configs/colour_quality.py` measures colours instead.

On CPUs a process for each core shares the work (--processes). On a cluster, tasks that share the
folder do: --task=I --tasks=N, from 0; the last one writes the report.
"""

from absl import flags

from gait_jax.runtime import command
from gait_jax.runtime.errors import InputError

# So that --help shows them.
flags.adopt_module_key_flags(command)
_STEP = flags.DEFINE_string(
    "step",
    None,
    "The checkpoint of every method that is measured, a step or best: --config.methods.NAME.step "
    "for all of them.",
)
_TASK = flags.DEFINE_integer("task", None, "Which of --tasks this process is, from 0.")
_TASKS = flags.DEFINE_integer("tasks", 1, "How many processes share the work by --task.")
_PROCESSES = flags.DEFINE_integer(
    "processes",
    0,
    "How many processes to start here to share the work; 0 for one a core, at most 8, on CPUs, and "
    "one beside an accelerator.",
    lower_bound=0,
)
_PARENT = flags.DEFINE_integer("parent", None, "The process without which this one ends.")


def _evaluate(config, workdir, progress):
    # Here, not above: what is wrong with the arguments, and --help, is said before JAX is loaded.
    import jax

    from gait_jax.evaluation import evaluation, settings, sharing

    if _PARENT.value is not None:
        sharing.end_with(_PARENT.value)
    if jax.process_count() > 1:
        raise InputError("evaluating goes on in one process: start one, with --num_processes=1")
    settings.check(config)
    if _STEP.value is not None:
        for measured in config.methods.values():
            measured.step = _STEP.value
    if _TASK.value is not None:
        share = sharing.checked_share(_TASK.value, _TASKS.value)
        return evaluation.evaluate(config, workdir, progress, share)
    processes = _PROCESSES.value
    if not processes:
        processes = sharing.processes_by_default() if jax.default_backend() == "cpu" else 1
    return evaluation.evaluate(config, workdir, progress, processes=processes)


def main() -> None:
    """The command line."""
    command.main("gait_jax.evaluate", _evaluate)


if __name__ == "__main__":
    main()
