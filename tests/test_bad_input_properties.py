import gzip
import io
import json
import os
import pathlib
import tarfile
import tempfile
import zipfile

import cv2
import hypothesis.strategies as st
import ml_collections
import numpy as np
import pytest
from drawn import draw_person, load_config
from hypothesis import given, settings
from spooling import spool_into

import tfds_casia
from gait_jax import runs
from gait_jax.data.pictures import read_picture
from gait_jax.runtime import records
from gait_jax.runtime.arrays import load_arrays, save_arrays
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory
from tfds_casia import archives, png
from tfds_casia.report import Report
from tfds_casia.silhouette_sequences import find_sequences

_quick = settings(max_examples=40, deadline=None)
_NAMING = tfds_casia.CasiaA.NAMING
_FRAME = cv2.imencode(".png", draw_person(0.5, 60))[1].tobytes()
_NAMES = st.lists(
    st.sampled_from(["..", ".", "", "zdx", "/", "C:", "a\\..", "zdx-00_1-001.png"])
    | st.text(max_size=8),
    min_size=1,
    max_size=4,
).map("/".join)
_KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE,
                          tarfile.FIFOTYPE])  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _tar(members) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", errors="surrogateescape") as archive:
        for name, kind, data in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "../../etc/passwd"
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(packed.getvalue())


def _all_below(folder: str) -> set[str]:
    return {os.path.join(where, name) for where, dirs, files in os.walk(folder)
            for name in (*dirs, *files)}  # fmt: skip


@_quick
@given(st.lists(st.tuples(_NAMES, _KINDS, st.sampled_from([_FRAME, b"", b"x"])), max_size=4))
def test_an_archive_writes_nothing_and_safe_members_stay_inside(members):
    try:
        data = _tar(members)
    except (ValueError, UnicodeError):
        return  # No archive can hold such a name.
    with tempfile.TemporaryDirectory() as root:
        manual = pathlib.Path(root, "manual")
        manual.mkdir()
        (manual / "x.tar.gz").write_bytes(data)
        before = _all_below(root)
        account = Report(str(manual))
        with tempfile.TemporaryDirectory() as parts:
            spool = spool_into(pathlib.Path(parts), manual, _NAMING)
            for _, place in find_sequences(manual, _NAMING, account, spool):
                assert all(content in (_FRAME, b"", b"x") for _, _, content in place.files())
        assert _all_below(root) == before
    try:
        for member in archives.members(io.BytesIO(data), archives.Budget(len(data))):
            inside = os.path.normpath(os.path.join("/folder", str(member.path)))
            assert not member.safe or inside.startswith("/folder")
    except archives.READ_ERRORS:
        pass


def _bomb(kind: str, size: int) -> bytes:
    packed = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.tar", bytes(size))
        return packed.getvalue()
    return _tar([("zdx-00_1-001.png", tarfile.REGTYPE, bytes(size))])


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_expands_without_end_is_left_out(tmp_path, tmp_path_factory, monkeypatch, kind):
    monkeypatch.setattr(archives, "_ALWAYS_ALLOWED", 2**16)
    (tmp_path / "x").write_bytes(_bomb(kind, 2**24))
    (tmp_path / "x").rename(tmp_path / ("x.zip" if kind == "zip" else "x.tar.gz"))
    account = Report(str(tmp_path))
    parts = tmp_path_factory.mktemp("parts")
    assert find_sequences(tmp_path, _NAMING, account, spool_into(parts, tmp_path, _NAMING)) == []
    # A frame is read up to what a frame may have, and no further.
    assert sum(path.stat().st_size for path in parts.rglob("*")) < 2**16
    (names,) = (entry["names"] for entry in account.as_metadata()["skipped"].values())
    assert "expands to more than 100 times its size" in names[0]


def test_a_budget_is_a_hundred_times_the_archive(monkeypatch):
    monkeypatch.setattr(archives, "_ALWAYS_ALLOWED", 10)
    budget = archives.Budget(2)
    budget.spend(200)
    with pytest.raises(archives.ExpandsTooFarError):
        budget.spend(1)


def test_pipes_devices_and_names_that_are_no_text_do_not_stop_anything(tmp_path):
    os.mkfifo(tmp_path / "zdx-00_1-001.png")
    (tmp_path / "zdx-00_1-002.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "x.zip")
    account = Report(str(tmp_path))
    with tempfile.TemporaryDirectory() as parts:
        spool = spool_into(pathlib.Path(parts), tmp_path, _NAMING)
        ((_, place),) = find_sequences(tmp_path, _NAMING, account, spool)
        assert [data for _, _, data in place.files()] == [None, None]
    assert account.as_metadata()["skipped"]["corrupt_archive"]["names"] == [
        "x.zip (it is no regular file)"
    ]
    strange = tmp_path / os.fsdecode(b"\xff.png")
    strange.write_bytes(_FRAME)
    assert read_picture(strange).shape == (96, 140)
    with pytest.raises(InputError, match="it is no regular file"):
        read_picture(tmp_path / "zdx-00_1-002.png")


@_quick
@given(st.data())
def test_a_damaged_png_is_never_read(data):
    at = data.draw(st.integers(0, len(_FRAME) - 1))
    if data.draw(st.booleans()):
        damaged = _FRAME[:at]
    else:
        flipped = _FRAME[at] ^ (1 << data.draw(st.integers(0, 7)))
        damaged = _FRAME[:at] + bytes([flipped]) + _FRAME[at + 1 :]
    with pytest.raises(png.UnreadableFrameError):
        png.to_grey_png(damaged)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.png")
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be read as a picture"):
            read_picture(path)


@_quick
@given(_JSON)
def test_records_are_read_or_refused_in_one_line(value):
    with tempfile.TemporaryDirectory() as folder:
        workdir = pathlib.Path(folder)
        for name in ("config.json", "provenance.json", "metrics.jsonl"):
            (workdir / name).write_bytes(json.dumps(value).encode() + b"\n")
        run = RunDirectory(workdir)
        for reader in (run.read_config, run.data_description, run.read_metrics):
            try:
                found = reader()
            except InputError as error:
                assert str(workdir) in str(error) and "\n" not in str(error)
            else:
                assert isinstance(found, dict | list)


def test_only_a_torn_last_row_is_left_out(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "loss": 2.0}\n{"st\n{"step": 3, "loss": 1.0}\n')
    with pytest.raises(InputError, match="metrics.jsonl is damaged in line 2"):
        RunDirectory(tmp_path).read_metrics()


@_quick
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_arrays_come_back_as_they_were_or_not_at_all(at, change):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b/c": np.array(["x", "yz"])}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.safetensors")
        save_arrays(path, arrays)
        data = bytearray(path.read_bytes())
        data[at % len(data)] ^= change
        path.write_bytes(data)
        try:
            found = load_arrays(path)
        except InputError as error:
            assert "is damaged" in str(error)
        else:
            # Some bytes, as of times, mean nothing.
            for name, array in arrays.items():
                np.testing.assert_array_equal(found[name], array)


def test_archives_of_objects_are_never_unpacked(tmp_path):
    with (tmp_path / "a.safetensors").open("wb") as file:
        np.savez(file, a=np.array([{}], object))
    with pytest.raises(InputError, match="a.safetensors is damaged"):
        load_arrays(tmp_path / "a.safetensors")


_VALID = {
    (name, arg): load_config(name, arg).to_dict()
    for name, arg in (
        ("stgan", "casia_a"),
        ("stgan_resampled", "walkers"),
        ("wu2017", "casia_a,small"),
        ("colour_transfer", "walkers"),
    )
}


@pytest.mark.parametrize("name", _VALID)
def test_every_field_of_another_type_is_refused_by_its_name(name):
    valid = _VALID[name]
    runs.build_method(ml_collections.ConfigDict(valid))
    for field, value in records.flatten(valid).items():
        if field in ("noise_gan.method",):  # Never read: it is what it stands below.
            continue
        for wrong in (None, [[]], {"a": 1}, float("nan"), "\0"):
            config = ml_collections.ConfigDict(json.loads(json.dumps(valid)))
            *groups, last = field.split(".")
            parent = config
            for group in groups:
                parent = parent[group]
            with parent.ignore_type():
                parent[last] = wrong
            with pytest.raises(InputError) as caught:
                runs.build_method(config)
            assert field in str(caught.value), (field, wrong, value)
