import functools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest
import tensorflow_datasets as tfds

import tfds_casia
from tfds_casia import folders, parts, silhouette_builder


def _all(made, before, total):
    return made


def _make(folder, work, processes, progress):
    with parts.Workers(processes) as workers:
        return workers.make(folder, work, progress)


def _fill(text: str, directory: pathlib.Path) -> None:
    (directory / "text").write_text(text)


def _work(*texts):
    return {f"part-{text}": functools.partial(_fill, text) for text in texts}


def _die(directory: pathlib.Path) -> None:
    (directory / "text").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("processes", [1, 2])
def test_parts_are_made_in_order_and_once(tmp_path, processes):
    counted = []

    def count(made, before, total):
        counted.append((before, total))
        return made

    made = _make(tmp_path / "parts", _work("c", "a"), processes, count)
    assert [(part / "text").read_text() for part in made] == ["c", "a"]
    nodes = [(part / "text").stat().st_ino for part in made]
    more = _make(tmp_path / "parts", _work("c", "b", "d", "a"), processes, count)
    assert [(part / "text").read_text() for part in more] == ["c", "b", "d", "a"]
    assert [(more[k] / "text").stat().st_ino for k in (0, 3)] == nodes
    assert counted == [(0, 2), (2, 4)]


def test_a_part_that_fails_leaves_nothing_and_the_others_stay(tmp_path):
    def fail(directory):
        (directory / "text").write_text("half")
        raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        _make(tmp_path, {**_work("a"), "bad": fail, **_work("b")}, 1, _all)
    assert [path.name for path in tmp_path.iterdir()] == ["part-a"]


def test_a_worker_that_is_killed_costs_one_clear_line(tmp_path):
    with pytest.raises(parts.WorkerLostError, match="Start again, and it goes on") as error:
        _make(tmp_path, {"bad": _die, "worse": _die}, 2, _all)
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)
    # What is half written does not bear a part's name, and is removed by the next call.
    assert not (tmp_path / "bad").exists()
    (part,) = _make(tmp_path, _work("a"), 1, _all)
    assert list(tmp_path.iterdir()) == [part]


def test_a_folder_is_there_only_when_it_is_whole(tmp_path):
    seen = []

    def build(partial):
        (partial / "a").write_text("a")
        seen.append((tmp_path / "made").exists())

    folders.make_once(tmp_path / "made", build)
    folders.make_once(tmp_path / "made", build)
    assert seen == [False]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_two_that_make_the_same_folder_wait_for_each_other(tmp_path):
    built = []

    def build(partial):
        built.append(threading.get_ident())
        time.sleep(0.3)
        (partial / "a").write_text("a")

    threads = [
        threading.Thread(target=folders.make_once, args=(tmp_path / "made", build))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


_HOLD = """
import pathlib, sys, time
from tfds_casia import folders
with folders.locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_lock_of_a_killed_process_is_no_lock(tmp_path):
    lock = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(lock)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    entered = threading.Event()

    def enter():
        with folders.locked(lock):
            entered.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not entered.wait(0.3)
    holder.kill()
    holder.communicate()
    assert entered.wait(10)
    waiting.join()
    assert not lock.exists()


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(folders.fcntl, "flock", refuse)
    with pytest.raises(folders.NoLocksError, match="without locks") as error:
        folders.make_once(tmp_path / "made", lambda partial: None)
    assert str(tmp_path) in str(error.value)


_PREPARE = """
import sys, time, tensorflow_datasets as tfds, tfds_casia
from tfds_casia import silhouette_builder
read = silhouette_builder._read_sequence
def slow(*args):
    time.sleep(float(sys.argv[3]))
    return read(*args)
silhouette_builder._read_sequence, silhouette_builder._SEQUENCES_PER_SHARD = slow, 1
tfds_casia.CasiaB(data_dir=sys.argv[1], processes=1).download_and_prepare(
    download_config=tfds.download.DownloadConfig(manual_dir=sys.argv[2])
)
"""


def _prepare(data_dir, manual_dir, seconds) -> subprocess.Popen:
    command = [sys.executable, "-c", _PREPARE, str(data_dir), str(manual_dir), str(seconds)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.fixture
def packed_dir(manual_dir, write_sequence, tmp_path):
    """Four sequences: one in a folder, three in two archives."""
    write_sequence(manual_dir / "001", "001-nm-01-000")
    for subject, walks in (("002", ("nm-01", "nm-02")), ("003", ("cl-01",))):
        for walk in walks:
            write_sequence(tmp_path / subject, f"{subject}-{walk}-090")
        subprocess.run(
            ["tar", "czf", str(manual_dir / f"{subject}.tar.gz"), "-C", str(tmp_path), subject],
            check=True,
        )
    return manual_dir


def test_a_killed_preparation_goes_on(packed_dir, tmp_path):
    process = _prepare(tmp_path / "killed", packed_dir, 0.5)
    parent = tmp_path / "killed/casia_b/silhouettes"
    while len(done := list(parent.glob(".parts-*/shard-*"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (parent / "1.0.0").exists()
    made = {(path / "records").stat().st_ino for path in done}
    spooled = {path: path.stat().st_mtime_ns for path in parent.glob(".parts-*/archive-*/frames")}
    assert len(spooled) == 2

    process = _prepare(tmp_path / "killed", packed_dir, 0.5)
    while len(list(parent.glob(".parts-*/shard-*"))) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    # The archives are not read again.
    assert {path: path.stat().st_mtime_ns for path in spooled} == spooled
    assert process.wait() == 0
    assert [path.name for path in parent.iterdir()] == ["1.0.0"]
    assert made < {path.stat().st_ino for path in parent.glob("1.0.0/*.array_record*")}

    assert _prepare(tmp_path / "undisturbed", packed_dir, 0).wait() == 0
    contents = [
        {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        for folder in (parent / "1.0.0", tmp_path / "undisturbed/casia_b/silhouettes/1.0.0")
    ]
    assert contents[0] == contents[1]


def test_a_file_that_changed_in_between_is_read_again(
    packed_dir, tmp_path, prepare, silhouette_png
):
    process = _prepare(tmp_path / "data", packed_dir, 0.5)
    parent = tmp_path / "data/casia_b/silhouettes"
    while not list(parent.glob(".parts-*/shard-*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    (packed_dir / "001/001-nm-01-000-001.png").write_bytes(silhouette_png(9))
    _, examples = prepare()
    assert [len(example["frames"]) for example in examples] == [2, 2, 2, 2]
    assert examples[0]["frames"][0] == silhouette_png(9)


def test_two_processes_prepare_one_data_set_once(packed_dir, tmp_path):
    both = [_prepare(tmp_path / "data", packed_dir, 0.2) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    parent = tmp_path / "data/casia_b/silhouettes"
    assert [path.name for path in parent.iterdir()] == ["1.0.0"]
    assert len(tfds_casia.CasiaB(data_dir=tmp_path / "data").as_data_source("all")) == 4


def test_archives_are_read_by_several_processes(packed_dir, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, tensorflow_datasets as tfds, tfds_casia\n"
        "if __name__ == '__main__':\n"
        "    tfds_casia.CasiaB(data_dir=sys.argv[1], processes=2).download_and_prepare(\n"
        "        download_config=tfds.download.DownloadConfig(manual_dir=sys.argv[2]))\n"
    )
    subprocess.run(
        [sys.executable, str(script), str(tmp_path / "two"), str(packed_dir)],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    assert _prepare(tmp_path / "one", packed_dir, 0).wait() == 0
    two, one = (
        tfds_casia.CasiaB(data_dir=tmp_path / name).as_data_source("all") for name in ("two", "one")
    )
    assert [e["frame_numbers"] for e in two] == [e["frame_numbers"] for e in one]
    assert [e["subject"] for e in two] == [b"001", b"002", b"002", b"003"]


def test_a_builder_from_before_another_prepared_knows_the_data(packed_dir, tmp_path, prepare):
    early = tfds_casia.CasiaB(data_dir=tmp_path / "data")
    _, examples = prepare()
    early.download_and_prepare()
    assert len(early.as_data_source("all")) == len(examples) == 4


def test_a_prepared_data_set_is_reused_where_nothing_can_be_written(
    packed_dir, prepare, monkeypatch
):
    builder, _ = prepare()

    def refuse(path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(folders, "locked", refuse)
    builder.download_and_prepare()


def test_killed_at_the_very_end_nothing_is_made_again(packed_dir, tmp_path, prepare, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(*args):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(tfds.core.DatasetInfo, "write_to_directory", kill)
        with pytest.raises(Killed):
            prepare()
    parent = tmp_path / "data/casia_b/silhouettes"
    assert len(list(parent.glob(".parts-*/shard-*"))) == 1
    monkeypatch.setattr(silhouette_builder, "_read_sequence", None)
    _, examples = prepare()
    assert len(examples) == 4


def test_without_hard_links_shards_are_copied(packed_dir, prepare, monkeypatch):
    def refuse(*args):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert len(prepare()[1]) == 4


def test_a_script_without_a_guard_is_told_so(packed_dir, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, tensorflow_datasets as tfds, tfds_casia\n"
        "tfds_casia.CasiaB(data_dir=sys.argv[1], processes=2).download_and_prepare(\n"
        "    download_config=tfds.download.DownloadConfig(manual_dir=sys.argv[2]))\n"
    )
    command = [sys.executable, str(script), str(tmp_path / "data"), str(packed_dir)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    assert "not below `if __name__ == '__main__':`" in result.stderr.splitlines()[-1]
