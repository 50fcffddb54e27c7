import hashlib
import pathlib
import shutil

import cv2
import numpy as np
import pytest
from drawn import draw_person

from gait_jax.data import source
from gait_jax.data.content import content, digest
from gait_jax.runtime.errors import InputError


def _prepared(folder, heights):
    """CASIA-B of one sequence of people of so many pixels."""
    manual = folder / "manual"
    manual.mkdir(parents=True)
    for number, height in enumerate(heights, 1):
        frame = draw_person(number, height)
        cv2.imwrite(str(manual / f"001-nm-01-090-{number:03d}.png"), frame)
    return source.open_dataset("casia_b", str(folder / "data"), str(manual))


def _content(builder):
    return content(builder, pathlib.Path(str(builder.data_path)), progress=False)


def test_the_number_depends_on_what_is_in_the_files_alone(tmp_path):
    first, same, other = (
        _prepared(tmp_path / name, heights)
        for name, heights in {"a": (40, 41), "b": (40, 41), "c": (40, 42)}.items()
    )
    numbers = [_content(builder) for builder in (first, same, other)]
    assert numbers[0] == numbers[1] != numbers[2]
    assert len(numbers[0]) == 64


def test_it_is_computed_once_and_kept_beside_the_data_set(tmp_path, monkeypatch):
    builder = _prepared(tmp_path, (40,))
    found = _content(builder)
    folder = pathlib.Path(str(builder.data_path))
    (kept,) = folder.glob("content-*")
    assert (kept / "sha256").read_text() == found

    def read(*_):
        raise AssertionError("read again")

    with monkeypatch.context() as patch:
        patch.setattr(source.Examples, "__getitem__", read)
        assert _content(builder) == found
    # What is not kept any more is made again, of the same files.
    shutil.rmtree(kept)
    assert _content(builder) == found


@pytest.mark.parametrize("text", ["", "half", "g" * 64, "é" * 64])
def test_what_was_damaged_is_named(tmp_path, text):
    builder = _prepared(tmp_path, (40,))
    _content(builder)
    (kept,) = pathlib.Path(str(builder.data_path)).glob("content-*/sha256")
    kept.write_text(text)
    with pytest.raises(InputError, match="sha256 is damaged.*remove .*and it is made again"):
        _content(builder)


def test_the_digest_by_hand():
    example = {"b": np.int32(1), "a": [b"xy", "z"]}
    wanted = b"{2" + b"=1a" + b"[2" + b"=2xy" + b"=1z" + b"=1b" + b"#<i4()" + b"\1\0\0\0"
    assert digest([example]) == hashlib.sha256(wanted).hexdigest()
    # Names have no order, and an array of files is a list of them.
    files = np.array([b"xy", "z"], object)
    assert digest([{"a": files, "b": np.int32(1)}]) == digest([example])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([b"ab", b"c"], [b"a", b"bc"]),
        ([[b"a"], [b"b"]], [[b"a", b"b"], []]),
        ([b"a", b"b"], [b"b", b"a"]),
        ([np.int32([1, 0])], [np.int64([1])]),
        ([np.zeros((2, 3))], [np.zeros((3, 2))]),
    ],
)
def test_what_differs_is_told_apart(one, other):
    assert digest(one) != digest(other)
