r"""Measures methods: who is found in anonymised gaits, how natural they look, how true colours are.

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

Trains the recognisers and the methods that are not trained yet, anonymises the test subjects'
gaits, and writes report.html, results.json and results.csv. What is done already is not done again.
`configs/colour_quality.py` measures colours instead.
"""

import jax
from absl import flags

from gait_jax.evaluation import evaluation, settings
from gait_jax.runtime import command
from gait_jax.runtime.errors import InputError
from gait_jax.trainer import DivergedError

# So that --help shows them.
flags.adopt_module_key_flags(command)
_STEP = flags.DEFINE_string(
    "step",
    None,
    "The checkpoint of every method that is measured, a step or best: --config.methods.NAME.step "
    "for all of them.",
)


def _evaluate(config, workdir, progress):
    if jax.process_count() > 1:
        raise InputError("evaluating goes on in one process: start one, with --num_processes=1")
    settings.check(config)
    if _STEP.value is not None:
        for measured in config.methods.values():
            measured.step = _STEP.value
    return evaluation.evaluate(config, workdir, progress)


def main() -> None:
    """The command line."""
    command.main("gait_jax.evaluate", _evaluate, (InputError, DivergedError))


if __name__ == "__main__":
    main()
