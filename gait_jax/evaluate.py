r"""Measures how well anonymisers work: success rates against recognisers, or colours; a report.

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

Trains the recognisers and the methods that are not trained yet, anonymises the test subjects'
gaits, and writes report.html, results.json and results.csv. What is done already is not done again.
`configs/colour_quality.py` measures colours instead.
"""

import jax
from absl import flags

from gait_jax.evaluation import colour, evaluator
from gait_jax.runtime import command
from gait_jax.runtime.errors import InputError
from gait_jax.trainer import DivergedError

# So that --help shows them.
flags.adopt_module_key_flags(command)

_EVALUATIONS = {"recognition": evaluator.evaluate, "colour": colour.evaluate}


def _evaluate(config, workdir, progress):
    if config.get("evaluation") not in _EVALUATIONS:
        raise InputError(
            f"evaluation {config.get('evaluation')!r} of the configuration is not known: use one "
            f"of {', '.join(_EVALUATIONS)} (configs/jisa2019.py, configs/colour_quality.py)"
        )
    if jax.process_count() > 1:
        raise InputError("evaluating goes on in one process: start it once, with --num_processes=1")
    return _EVALUATIONS[config.evaluation](config, workdir, progress)


def main() -> None:
    """The command line."""
    command.main("gait_jax.evaluate", _evaluate, (InputError, DivergedError))


if __name__ == "__main__":
    main()
