"""What a command does not need, it does not load: starting is what short clips wait for."""

import json
import os
import pathlib
import sys
from fractions import Fraction

import numpy as np
import processes
import pytest
from clips import draw_scene, upscale, walk_in, walking, write_video
from drawn import draw_walk, write_walk

# Runs the command line, then says which packages it loaded.
_LOADED = """
import json, runpy, sys
del sys.argv[0]
try:
    code = runpy.run_module(sys.argv[0], run_name="__main__")
except SystemExit as leaving:
    code = leaving.code
print(json.dumps([code or 0, sorted({name.split(".")[0] for name in sys.modules})]))
"""

_NOT_NEEDED = {
    "array_record", "grain", "matplotlib", "orbax", "skimage", "sklearn", "tensorboardX",
    "tensorflow_datasets",
}  # fmt: skip


# Who asks for help waits for none of them: they take a second or more to load.
_HEAVY = _NOT_NEEDED | {"av", "cv2", "flax", "jax", "numpy", "pandas", "scipy"}
_COMMANDS = sorted(
    path.stem
    for path in (pathlib.Path(__file__).parents[1] / "gait_jax").glob("*.py")
    if "\ndef main(" in path.read_text(encoding="utf-8")
)


def loaded(*arguments, module="gait_jax.anonymize"):
    """(exit status, packages that the command loaded)."""
    done = processes.run(
        [sys.executable, "-c", _LOADED, module, *arguments],
        env=os.environ | {"JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr
    code, packages = json.loads(done.stdout.splitlines()[-1])
    return code, set(packages)


@pytest.fixture
def clip(tmp_path):
    scene = np.repeat(np.repeat(draw_scene(), 2, axis=0), 2, axis=1)
    return write_video(tmp_path / "a.mp4", walk_in(scene, upscale(walking(25), 2)), Fraction(25))


def test_an_exported_model_needs_nothing_that_training_or_evaluating_does(clip, tmp_path):
    # Drawn people are nobody to the networks, and are painted out.
    code, packages = loaded(clip, "--no-progress")
    assert code == 3 and {"jax", "flax", "av", "ai_edge_litert", "gait_jax"} <= packages
    assert packages & _NOT_NEEDED == set()
    write_walk(tmp_path / "tree" / "a", "a", draw_walk(3))
    # The other one that ships, too.
    tree = (tmp_path / "tree", "-o", tmp_path / "out", "--method", "stgan")
    code, packages = loaded(*tree, "--no-progress")
    assert code == 0 and packages & _NOT_NEEDED == set()


@pytest.mark.parametrize("command", _COMMANDS)
def test_help_does_not_wait_for_what_takes_long_to_load(command):
    code, packages = loaded("--help", module=f"gait_jax.{command}")
    assert code == 0 and "gait_jax" in packages
    assert packages & _HEAVY == set()


def test_every_command_is_asked_for_help():
    assert {"anonymize", "evaluate", "train", "mos", "fetch"} <= set(_COMMANDS)


def test_what_is_wrong_with_a_command_line_is_said_without_loading_jax(clip, tmp_path):
    write_walk(tmp_path / "tree" / "a", "a", draw_walk(3))
    for arguments, status in (
        (["--version"], 0),
        (["no-such-file.mp4"], 1),
        ([clip, "--segmenter", "magic"], 1),
        ([tmp_path / "tree"], 1),
        ([clip, "--dry-run"], 0),
    ):
        code, packages = loaded(*arguments)
        assert code == status, arguments
        assert packages & (_NOT_NEEDED | {"jax", "flax", "scipy"}) == set(), arguments


def test_a_terminal_that_lacks_a_sign_ends_nothing(clip, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    strange = clip.rename(clip.with_name("\u6b69\u304f.mp4"))
    done = processes.run(
        [sys.executable, "-m", "gait_jax.anonymize", strange, "--dry-run"], encoding="cp1252"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u6b69\\u304f.mp4 (280×192) \\u2192 " in done.stdout


def test_opencv_that_cannot_be_loaded_costs_one_line(clip, tmp_path, monkeypatch):
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    done = processes.run([sys.executable, "-m", "gait_jax.anonymize", clip])
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "OpenCV cannot be loaded (libGL.so.1: cannot open shared object): where a" in line
