"""Many videos: one after the other, at once, and in shares."""

import json
import os
import pathlib
import signal
import sys
from fractions import Fraction

import made_up_work
import numpy as np
import processes
import pytest
from clips import draw_scene, read_video, upscale, walk_in, walking, write_video

from gait_jax.anonymization import batches, workers
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.places import of_task, share
from gait_jax.anonymize import main
from gait_jax.runtime.errors import InputError

SCENE = np.repeat(np.repeat(draw_scene(), 2, axis=0), 2, axis=1)
# Starts work that does not end, as a command line does.
_ENDLESS = """
import pathlib, sys
import made_up_work
from gait_jax.anonymization import workers
if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    files = [folder / f"endless{i}" for i in range(3)]
    try:
        workers.run(made_up_work.Work(), files, [f.with_suffix(".txt") for f in files], 2, print)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_tasks_share_all_videos_between_them():
    sources = [pathlib.Path(name) for name in ("c", "a", "e", "b", "d")]
    results = [path.with_suffix(".mp4") for path in sources]
    parts = [share(sources, results, task, 2) for task in range(2)]
    assert [[path.name for path in own] for own, _ in parts] == [["a", "c", "e"], ["b", "d"]]
    assert [path.name for path in parts[1][1]] == ["b.mp4", "d.mp4"]
    assert share(sources, results, 6, 7) == ([], [])
    for task in (-1, 2):
        with pytest.raises(InputError, match=f"^--task={task} is not one of --tasks=2: they are"):
            share(sources, results, task, 2)
    assert of_task(pathlib.Path("x/r.s.json"), 3) == pathlib.Path("x/r.s.3.json")


def test_a_mistake_in_one_video_is_a_line_that_says_where():
    _, do = made_up_work.Work().begin(1)
    source = pathlib.Path("mistake")
    entry = batches.do(do, source, source)
    assert entry["output"] is None and entry["input"] == "mistake"
    assert entry["failed"].startswith("mistake could not be done (IndexError in made_up_work.py, l")
    assert entry["failed"].endswith("pop from empty list): please report this")
    bad = pathlib.Path("bad")
    assert batches.do(do, bad, bad) == batches.failed(bad, "bad is bad")


@pytest.mark.parametrize("short, looks", [(12, 1), (11, 0)])
def test_a_model_that_cannot_be_used_is_told_before_a_long_video_is_looked_at(
    tmp_path, monkeypatch, short, looks
):
    source = write_video(tmp_path / "a.mp4", [draw_scene()] * 12, Fraction(25))
    looked = []
    monkeypatch.setattr(batches, "look", lambda clip, options: looked.append(clip.path))
    monkeypatch.setattr(batches, "_SHORT", short)
    work = batches.Work(tmp_path / "none", None, 0, Options())
    with pytest.raises(InputError, match="none is no training run"):
        batches.run(work, [source], [tmp_path / "b.mp4"], print)
    assert looked == looks * [source] and names(tmp_path) == ["a.mp4"]


def test_a_process_that_dies_costs_the_video_that_it_was_at(tmp_path):
    sources = [tmp_path / name for name in ("a", "deadly", "bad", "mistake", "b", "c")]
    results = [tmp_path / f"{path.name}.txt" for path in sources]
    done = []
    report = workers.run(made_up_work.Work(), sources, results, 2, done.append)
    assert names(tmp_path) == ["a.txt", "b.txt", "c.txt"]
    videos = report["videos"]
    assert [entry["input"] for entry in videos] == list(map(str, sources))
    assert sorted(map(str, done)) == sorted(map(str, videos))
    why = [entry.get("failed", "") for entry in videos]
    assert "deadly could not be done: its process ended with status -9 (memory?" in why[1]
    assert why[2].endswith("bad is bad") and "(IndexError in " in why[3]
    assert not why[0] and not any(why[4:])
    # Each has a part of the cores to itself, where there is more than one.
    cores = os.sched_getaffinity(0)
    assert report["cores"] == len(report["usable"]) and set(report["usable"]) <= cores
    assert len(cores) == 1 or len(report["usable"]) < len(cores)
    assert os.getpid() not in {entry.get("process") for entry in videos}


@pytest.mark.parametrize(
    ("cannot", "message"),
    [("there is no model", "^there is no model$"), ("dies", "opened: its process ended with st")],
)
def test_what_cannot_begin_is_said_once(tmp_path, cannot, message):
    files = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(InputError, match=message):
        workers.run(made_up_work.Work(cannot), files, files, 2, print)
    assert names(tmp_path) == []


@pytest.mark.parametrize("how", ["ctrl_c", "interrupt", "kill"])
def test_whatever_ends_it_nothing_is_left_half_written(tmp_path, how):
    folders = [str(path) for path in (processes.ROOT / "tests" / "support", processes.ROOT)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}
    script = tmp_path / "script.py"
    script.write_text(_ENDLESS)
    out = tmp_path / "out"
    out.mkdir()
    process = processes.start([sys.executable, script, out], env=environment)
    processes.wait_for(lambda: len(names(out)) == 2, process)
    if how == "ctrl_c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT if how == "interrupt" else signal.SIGKILL)
    process.wait(processes.limit())
    assert process.returncode == (-signal.SIGKILL if how == "kill" else 130)
    # Those that it started end after it where it could not tell them.
    processes.wait_for(lambda: not names(out))
    _, output, errors = processes.finish(process)
    assert (output, errors) == ("", "")


def test_a_command_that_is_told_to_stop_leaves_nothing_half_written(tmp_path):
    masks = upscale(walking(96, start=20, step=1), 2)
    clip = write_video(tmp_path / "a.mp4", walk_in(SCENE, masks))
    command = [sys.executable, "-m", "gait_jax.anonymize", clip, "--method", "stgan"]
    process = processes.start(
        [*command, "--segmenter", "background"], env=os.environ | {"JAX_PLATFORMS": "cpu"}
    )
    processes.wait_for(lambda: len(names(tmp_path)) == 2, process)
    process.terminate()
    status, _, errors = processes.finish(process)
    assert (status, errors) == (128 + signal.SIGTERM, "")
    assert names(tmp_path) == ["a.mp4"]


def test_videos_at_once_become_what_they_become_one_after_the_other(tmp_path, capsys):
    for i, step in enumerate((2, 3)):
        masks = upscale(walking(25, start=20, step=step), 2)
        write_video(tmp_path / f"{i}.mp4", walk_in(SCENE, masks))
    (tmp_path / "broken.mp4").write_bytes((tmp_path / "0.mp4").read_bytes()[:2000])
    given = ["--method", "stgan", "--segmenter", "background", "--seed", "3", "--no-progress"]
    report = tmp_path / "r.json"
    at_once = ["-o", tmp_path / "at_once", "--jobs", "2", "--report", report]
    done = processes.module("gait_jax.anonymize", tmp_path, *given, *at_once)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "broken.mp4 cannot be read as a video" in line
    found = json.loads(report.read_text())
    assert found["method"] == "stgan" and found["seed_given"]
    inputs = [pathlib.Path(entry["input"]).name for entry in found["videos"]]
    assert inputs == ["0.mp4", "1.mp4", "broken.mp4"]
    (tmp_path / "broken.mp4").unlink()
    # The second of two shares, as launch/ starts it.
    shares = ["--task", "1", "--tasks", "2", "--num_processes=1", "--report", str(report)]
    assert main([str(tmp_path), *given, *shares, "-o", str(tmp_path / "shares")]) == 0
    assert names(tmp_path / "shares") == ["1_anonymized.mp4"]
    (own,) = json.loads((tmp_path / "r.1.json").read_text())["videos"]
    assert own["people"] == found["videos"][1]["people"]
    again, before = (
        read_video(tmp_path / folder / "1_anonymized.mp4")[0] for folder in ("shares", "at_once")
    )
    # Other numbers of cores round, and encode, a little differently.
    differs = np.abs(again.astype(int) - before).max(axis=3)
    assert differs.mean() < 2 and (differs > 40).mean() < 0.001
    capsys.readouterr()
    assert main([str(tmp_path), "--task", "5", "--tasks", "6"]) == 0
    assert capsys.readouterr().out == "nothing to do in task 5 of 6\n"
    assert main([str(tmp_path), "--tasks", "6"]) == 1
    assert "--task and --tasks go together" in capsys.readouterr().err
    for flag in ("--jobs=0", "--tasks=some"):
        with pytest.raises(SystemExit):
            main([str(tmp_path), flag])
        assert "is no whole number from 1" in capsys.readouterr().err
