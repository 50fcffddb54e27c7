r"""Repeats a training run from its provenance.json, and says whether the same came of it.

    python -m gait_jax.reproduce runs/stgan/provenance.json --workdir=runs/again

Says first what differs between each start of the run and now (revision, versions, devices, cores,
environment) and in what the data holds, trains with the same configuration, and compares what came
of it. Where the files of a data set stand may be said anew: --set=data.manual_dir=DIR. Running the
same command again goes on where it stopped. Exit status:

    0    equal: every number of the final state is the same
    4    equal within float error: all metrics of the last step agree to a thousandth, or to 1e-5
         where they are small, and so do all numbers of the state, where the run's checkpoint is
         still beside its provenance.json
    3    not equal: the metrics of both are printed
"""

import pathlib
import sys

from absl import flags

from gait_jax.runtime import command

# So that --help shows them.
flags.adopt_module_key_flags(command)
_SET = flags.DEFINE_multi_string(
    "set", [], "FIELD=VALUE of the configuration; only where data stands and how it is computed."
)

_NAME = "gait_jax.reproduce"


def _reproduce(argv: list[str]) -> None:
    # Here, not above: what is wrong with the arguments, and --help, is said before JAX is loaded.
    from gait_jax.reproducing import reproduce

    path, workdir = pathlib.Path(argv[1]), pathlib.Path(command.WORKDIR.value)
    sys.exit(reproduce(path, workdir, _SET.value, command.PROGRESS.value))


def main() -> None:
    """The command line."""

    def parse(argv: list[str]) -> list[str]:
        try:
            rest = flags.FLAGS(argv)
        except flags.Error as error:
            sys.exit(f"{_NAME}: {error}; see --help")
        if len(rest) != 2:
            sys.exit(f"{_NAME}: give one provenance.json; see --help")
        return rest

    flags.mark_flag_as_required("workdir")
    command.launch(_NAME, _reproduce, parse)


if __name__ == "__main__":
    main()
