import errno
import io
import os
import tarfile
import zipfile

import cv2
import numpy as np
import pytest

import tfds_casia
from tfds_casia import archives, spool
from tfds_casia.report import Report


def _pack(path, members: dict[str, bytes]) -> None:
    """Writes an archive of the kind that the path's suffix names."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, contents in members.items():
                archive.writestr(name, contents)
        return
    mode = "w" if path.suffix == ".tar" else "w:gz"
    with tarfile.open(path, mode) as archive:
        for name, contents in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))


@pytest.fixture
def sequence_files(silhouette_png):
    """Gives a sequence's frames as {path: contents}."""

    def make(name: str, folder: str = "", numbers=(1, 2)) -> dict[str, bytes]:
        return {f"{folder}{name}-{n:03d}.png": silhouette_png(n) for n in numbers}

    return make


def _files(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize(
    "folder",
    [
        ".",
        "001/nm-01/090",
        "GaitDatasetB-silh/001/nm-01/090",
        "001/001/nm-01/090",
        "a/b/c/d/e/unrelated",
    ],
)
def test_any_nesting(manual_dir, prepare, write_sequence, folder):
    write_sequence(manual_dir / folder, "001-nm-01-090")
    builder, (example,) = prepare()
    assert (example["subject"], example["view"]) == (b"001", 90)
    assert builder.info.metadata["skipped"] == {}


def test_one_folder_may_hold_several_sequences(manual_dir, prepare, write_sequence):
    write_sequence(manual_dir, "001-nm-01-090", (1, 2))
    write_sequence(manual_dir, "001-nm-01-108", (5,))
    _, examples = prepare()
    assert [example["frame_numbers"] for example in examples] == [[1, 2], [5]]


@pytest.mark.parametrize("archive", ["001.tar", "001.tar.gz", "001.tgz", "001.zip"])
def test_one_archive_a_subject(
    manual_dir, prepare, write_sequence, sequence_files, silhouette_png, archive
):
    files = sequence_files("001-nm-01-090", "001/nm-01/090/", (3, 1)) | sequence_files(
        "001-bg-01-000", "001/001/bg-01/000/"
    )
    (manual_dir / "GaitDatasetB-silh").mkdir()
    _pack(manual_dir / "GaitDatasetB-silh" / archive, files)
    write_sequence(manual_dir / "002", "002-nm-01-090")
    builder, examples = prepare()
    assert [(e["subject"], e["condition"]) for e in examples] == [
        (b"001", b"bg"),
        (b"001", b"nm"),
        (b"002", b"nm"),
    ]
    assert examples[1]["frame_numbers"] == [1, 3]
    assert examples[1]["frames"].tolist() == [silhouette_png(1), silhouette_png(3)]
    assert builder.info.metadata["skipped"] == {}


def test_one_archive_of_everything(manual_dir, prepare, sequence_files):
    files = sequence_files("fyc-00_1", "casia_a/fyc/00_1/") | sequence_files(
        "zl-90_4", "casia_a/zl/90_4/"
    )
    _pack(manual_dir / "casia_a.tar.gz", files)
    _, examples = prepare(tfds_casia.CasiaA)
    assert [(e["subject"], e["view"], e["sequence"]) for e in examples] == [
        (b"fyc", 0, 1),
        (b"zl", 90, 4),
    ]


@pytest.mark.parametrize("outer", ["silh.zip", "silh.tar.gz"])
@pytest.mark.parametrize("inner", ["001.zip", "001.tar.gz"])
def test_archives_in_an_archive(manual_dir, prepare, sequence_files, tmp_path, outer, inner):
    _pack(tmp_path / inner, sequence_files("001-nm-01-090", "001/nm-01/090/"))
    packed = (tmp_path / inner).read_bytes()
    broken = {"silh/002.tar.gz": packed[:50]}
    _pack(manual_dir / outer, {f"silh/{inner}": packed} | broken)
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 2]
    (reason,) = builder.info.metadata["skipped"].items()
    assert (reason[0], reason[1]["count"]) == ("corrupt_archive", 1)
    assert reason[1]["names"][0].startswith(f"{outer}!/silh/002.tar.gz (")


def test_stray_files_are_counted(manual_dir, prepare, write_sequence, sequence_files):
    folder = manual_dir / "001/nm-01/090"
    write_sequence(folder, "001-nm-01-090")
    strays = ["Thumbs.db", ".DS_Store", "._001-nm-01-090-001.png", "001-nm-01-090.avi"]
    for name in strays:
        (folder / name).write_bytes(b"x")
    macosx = {"__MACOSX/._002.tar.gz": b"x", "__MACOSX/._002-nm-01-000-001.png": b"x"}
    _pack(manual_dir / "002.zip", sequence_files("002-nm-01-000") | macosx)
    builder, examples = prepare()
    assert len(examples) == 2
    assert builder.info.metadata["skipped"] == {
        "stray_file": {
            "count": 6,
            "names": [f"001/nm-01/090/{name}" for name in sorted(strays)]
            + [f"002.zip!/{name}" for name in macosx],
        }
    }


def test_names_in_the_report_are_limited(manual_dir, prepare, write_sequence):
    write_sequence(manual_dir, "001-nm-01-090")
    for number in range(25):
        (manual_dir / f"note{number:02d}.txt").write_text("x")
    builder, _ = prepare()
    stray = builder.info.metadata["skipped"]["stray_file"]
    assert stray["count"] == 25
    assert stray["names"] == [f"note{number:02d}.txt" for number in range(20)]


def test_damaged_frames_are_left_out(manual_dir, prepare, write_sequence, silhouette_png):
    write_sequence(manual_dir, "001-nm-01-090", range(1, 6))
    (manual_dir / "001-nm-01-090-002.png").write_bytes(b"")
    (manual_dir / "001-nm-01-090-003.png").write_bytes(silhouette_png(3)[:-20])
    (manual_dir / "001-nm-01-090-004.png").write_bytes(b"no image")
    (manual_dir / "001-nm-01-090-006.png").symlink_to("nowhere.png")
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 5]
    assert builder.info.metadata["frames"] == 2
    assert builder.info.metadata["skipped"] == {
        "empty_file": {"count": 1, "names": ["001-nm-01-090-002.png"]},
        "unreadable_frame": {
            "count": 3,
            "names": [
                "001-nm-01-090-003.png (truncated)",
                "001-nm-01-090-004.png (not decodable)",
                "001-nm-01-090-006.png (not readable)",
            ],
        },
    }


def test_damaged_frames_in_archives_are_left_out(manual_dir, prepare, sequence_files):
    files = sequence_files("001-nm-01-090", "001/", range(1, 4))
    files["001/001-nm-01-090-002.png"] = b""
    files["001/001-nm-01-090-003.png"] = b"no image"
    _pack(manual_dir / "001.tar.gz", files)
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1]
    assert builder.info.metadata["skipped"] == {
        "empty_file": {"count": 1, "names": ["001.tar.gz!/001/001-nm-01-090-002.png"]},
        "unreadable_frame": {
            "count": 1,
            "names": ["001.tar.gz!/001/001-nm-01-090-003.png (not decodable)"],
        },
    }


def test_a_damaged_member_of_a_zip_is_left_out_alone(manual_dir, prepare, sequence_files):
    files = sequence_files("001-nm-01-090", numbers=(1, 2, 3))
    _pack(manual_dir / "001.zip", files)
    data = bytearray((manual_dir / "001.zip").read_bytes())
    data[data.index(files["001-nm-01-090-002.png"]) + 50] ^= 1
    (manual_dir / "001.zip").write_bytes(data)
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 3]
    assert builder.info.metadata["skipped"] == {
        "unreadable_frame": {
            "count": 1,
            "names": ["001.zip!/001-nm-01-090-002.png (not readable)"],
        }
    }


def test_black_and_converted_frames_are_kept_and_noted(manual_dir, prepare, silhouette):
    image = silhouette(4)
    cv2.imwrite(str(manual_dir / "001-nm-01-090-001.png"), np.zeros((24, 32), np.uint8))
    cv2.imwrite(str(manual_dir / "001-nm-01-090-002.png"), cv2.merge([image] * 3))
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 2]
    assert builder.info.metadata["skipped"] == {}
    assert builder.info.metadata["noted"] == {
        "black_frame": {"count": 1, "names": ["001-nm-01-090-001.png"]},
        "reencoded_frame": {"count": 1, "names": ["001-nm-01-090-002.png"]},
    }
    decoded = builder.as_data_source("all")[0]["frames"]
    np.testing.assert_array_equal(decoded[0], np.zeros((24, 32, 1)))
    np.testing.assert_array_equal(decoded[1], image[..., np.newaxis])


def test_a_sequence_without_a_readable_frame_is_left_out(manual_dir, prepare, write_sequence):
    write_sequence(manual_dir / "001", "001-nm-01-090")
    (manual_dir / "005").mkdir()
    (manual_dir / "005/005-bg-01-000-001.png").write_bytes(b"")
    builder, examples = prepare()
    assert [example["subject"] for example in examples] == [b"001"]
    metadata = builder.info.metadata
    assert (metadata["subjects"], metadata["sequences"]) == (1, 1)
    assert metadata["skipped"]["no_readable_frame"] == {
        "count": 1,
        "names": ["005 (005-bg-01-000)"],
    }


def test_unpacked_goes_before_packed(manual_dir, prepare, write_sequence, sequence_files):
    write_sequence(manual_dir / "z", "001-nm-01-090", (1, 2, 3))
    packed = sequence_files("001-nm-01-090", "a/", (1,)) | sequence_files("001-nm-02-090", "b/")
    _pack(manual_dir / "001.tar.gz", packed)
    builder, examples = prepare()
    assert [example["frame_numbers"] for example in examples] == [[1, 2, 3], [1, 2]]
    assert builder.info.metadata["skipped"] == {
        "duplicate_sequence": {"count": 1, "names": ["001.tar.gz!/a (001-nm-01-090)"]}
    }


def test_the_first_of_two_folders_is_taken(manual_dir, prepare, write_sequence):
    write_sequence(manual_dir / "113/nm-06/180", "113-nm-06-180", (1,))
    write_sequence(manual_dir / "113/113/nm-06/180", "113-nm-06-180", (1, 2))
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 2]
    assert builder.info.metadata["skipped"] == {
        "duplicate_sequence": {"count": 1, "names": ["113/nm-06/180 (113-nm-06-180)"]}
    }


def test_the_first_of_two_archives_is_taken(manual_dir, prepare, sequence_files):
    _pack(manual_dir / "b.zip", sequence_files("001-nm-01-090", numbers=(1,)))
    _pack(manual_dir / "a.tgz", sequence_files("001-nm-01-090", numbers=(1, 2)))
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 2]
    assert builder.info.metadata["skipped"]["duplicate_sequence"]["names"] == [
        "b.zip! (001-nm-01-090)"
    ]


def test_one_number_twice(manual_dir, prepare, silhouette_png):
    (manual_dir / "001-nm-01-090-001.png").write_bytes(silhouette_png(8))
    (manual_dir / "001-nm-01-090-1.png").write_bytes(silhouette_png(9))
    builder, (example,) = prepare()
    assert example["frames"].tolist() == [silhouette_png(8)]
    assert builder.info.metadata["skipped"] == {
        "duplicate_frame": {"count": 1, "names": ["001-nm-01-090-1.png"]}
    }


def test_nothing_is_taken_from_a_damaged_archive(
    manual_dir, prepare, write_sequence, sequence_files
):
    write_sequence(manual_dir, "002-nm-01-090")
    _pack(manual_dir / "001.tar.gz", sequence_files("001-nm-01-090", numbers=range(1, 100)))
    data = (manual_dir / "001.tar.gz").read_bytes()
    (manual_dir / "001.tar.gz").write_bytes(data[: len(data) // 2])
    (manual_dir / "003.zip").write_bytes(b"PK no zip")
    (manual_dir / "004.tar").write_bytes(b"")
    (manual_dir / "005.tgz").symlink_to("nowhere.tgz")
    builder, (example,) = prepare()
    assert example["subject"] == b"002"
    corrupt = builder.info.metadata["skipped"].pop("corrupt_archive")
    assert builder.info.metadata["skipped"] == {}
    assert corrupt["count"] == 4
    assert [name.split(" ")[0] for name in corrupt["names"]] == [
        "001.tar.gz",
        "003.zip",
        "004.tar",
        "005.tgz",
    ]


def test_a_full_disk_is_no_damage(sequence_files, tmp_path):
    class FullDisk(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    _pack(tmp_path / "001.zip", sequence_files("001-nm-01-090"))
    with open(tmp_path / "001.zip", "rb") as archive:
        budget = archives.Budget(2**20)
        copied = spool.copy_frames(
            archive, "001.zip", tfds_casia.CasiaB.NAMING, FullDisk(), Report(""), budget
        )
        with pytest.raises(OSError, match="No space left"):
            list(copied)


def test_links_to_folders_are_followed_once(manual_dir, prepare, write_sequence, tmp_path):
    write_sequence(tmp_path / "elsewhere", "001-nm-01-090")
    (manual_dir / "silh").symlink_to(tmp_path / "elsewhere")
    (manual_dir / "silh/loop").symlink_to(manual_dir)
    builder, (example,) = prepare()
    assert example["frame_numbers"] == [1, 2]
    assert builder.info.metadata["skipped"] == {}


def test_malicious_tar_writes_nothing(manual_dir, prepare, write_sequence, tmp_path, monkeypatch):
    write_sequence(manual_dir, "002-nm-01-000")
    names = ["../evil.png", "../001-nm-01-000-001.png", f"{tmp_path}/001-nm-01-000-002.png"]
    with tarfile.open(manual_dir / "evil.tar", "w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("001-nm-01-000-003.png")
        link.type, link.linkname = tarfile.SYMTYPE, "../002-nm-01-000-001.png"
        archive.addfile(link)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    before = _files(tmp_path)
    builder, examples = prepare()
    assert [example["subject"] for example in examples] == [b"002"]
    assert builder.info.metadata["skipped"] == {
        "unsafe_member": {
            "count": 4,
            "names": [f"evil.tar!/{name}" for name in [*names, "001-nm-01-000-003.png"]],
        }
    }
    written = {path for path in _files(tmp_path) - before if path.split(os.sep)[0] != "data"}
    assert written == set()


@pytest.mark.parametrize("contents", [b"", b"no image"])
def test_nothing_found_is_said_once_and_clearly(manual_dir, prepare, tmp_path, contents):
    (manual_dir / "zdx-00_1-001.png").write_bytes(contents)
    with pytest.raises(FileNotFoundError) as caught:
        prepare(tfds_casia.CasiaB)
    message = str(caught.value)
    assert f"No readable frame of casia_b in {manual_dir.resolve()}" in message
    assert "GaitDatasetB-silh/001/bg-01/000/001-bg-01-000-001.png" in message
    assert "1 × stray_file" in message
    assert "Point manual_dir at the folder" in message
    assert not (tmp_path / "data/casia_b/silhouettes/1.0.0").exists()


def test_nothing_readable_is_said_too(manual_dir, prepare):
    (manual_dir / "001-nm-01-000-001.png").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="1 × empty_file, 1 × no_readable_frame"):
        prepare()
