r"""Measures how well anonymisers work: success rates against recognisers, and a report.

    python -m gait_jax.evaluate --config=configs/jisa2019.py --workdir=runs/jisa2019

Trains the recognisers and the methods that are not trained yet, anonymises the test subjects'
gaits, and writes report.html, results.json and results.csv. What is done already is not done again.
"""

from absl import flags

from gait_jax.evaluation import evaluator
from gait_jax.runtime import command
from gait_jax.runtime.errors import InputError
from gait_jax.trainer import DivergedError

# So that --help shows them.
flags.adopt_module_key_flags(command)


def main() -> None:
    """The command line."""
    command.main("gait_jax.evaluate", evaluator.evaluate, (InputError, DivergedError))


if __name__ == "__main__":
    main()
