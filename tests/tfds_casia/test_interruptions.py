import os
import sys

import processes
import pytest
import tensorflow_datasets as tfds

import tfds_casia
from tfds_casia import folders, silhouette_builder

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


def _prepare(data_dir, manual_dir, seconds) -> processes.Process:
    return processes.start([sys.executable, "-c", _PREPARE, data_dir, manual_dir, seconds])


def _succeeds(process):
    status, _, errors = processes.finish(process)
    assert status == 0, errors


@pytest.fixture
def packed_dir(manual_dir, write_sequence, tmp_path):
    """Four sequences: one in a folder, three in two archives."""
    write_sequence(manual_dir / "001", "001-nm-01-000")
    for subject, walks in (("002", ("nm-01", "nm-02")), ("003", ("cl-01",))):
        for walk in walks:
            write_sequence(tmp_path / subject, f"{subject}-{walk}-090")
        packed = processes.run(
            ["tar", "czf", manual_dir / f"{subject}.tar.gz", "-C", tmp_path, subject]
        )
        assert packed.returncode == 0, packed.stderr
    return manual_dir


def test_a_killed_preparation_goes_on(packed_dir, tmp_path):
    process = _prepare(tmp_path / "killed", packed_dir, 0.5)
    parent = tmp_path / "killed/casia_b/silhouettes"
    shards = lambda: list(parent.glob(".parts-*/shard-*"))  # noqa: E731
    done = processes.wait_for(lambda: (found := shards())[1:] and found, process)
    processes.end(process)
    assert not (parent / "1.0.0").exists()
    made = {(path / "records").stat().st_ino for path in done}
    spooled = {path: path.stat().st_mtime_ns for path in parent.glob(".parts-*/archive-*/frames")}
    assert len(spooled) == 2

    process = _prepare(tmp_path / "killed", packed_dir, 0.5)
    processes.wait_for(lambda: len(shards()) >= 3, process)
    # The archives are not read again.
    assert {path: path.stat().st_mtime_ns for path in spooled} == spooled
    _succeeds(process)
    assert [path.name for path in parent.iterdir()] == ["1.0.0"]
    assert made < {path.stat().st_ino for path in parent.glob("1.0.0/*.array_record*")}

    _succeeds(_prepare(tmp_path / "undisturbed", packed_dir, 0))
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
    processes.wait_for(lambda: list(parent.glob(".parts-*/shard-*")), process)
    processes.end(process)
    (packed_dir / "001/001-nm-01-000-001.png").write_bytes(silhouette_png(9))
    _, examples = prepare()
    assert [len(example["frames"]) for example in examples] == [2, 2, 2, 2]
    assert examples[0]["frames"][0] == silhouette_png(9)


def test_two_processes_prepare_one_data_set_once(packed_dir, tmp_path):
    both = [_prepare(tmp_path / "data", packed_dir, 0.2) for _ in range(2)]
    for process in both:
        _succeeds(process)
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
    _succeeds(processes.start([sys.executable, script, tmp_path / "two", packed_dir]))
    _succeeds(_prepare(tmp_path / "one", packed_dir, 0))
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
    result = processes.run([sys.executable, script, tmp_path / "data", packed_dir])
    assert result.returncode == 1
    assert "not below `if __name__ == '__main__':`" in result.stderr.splitlines()[-1]
