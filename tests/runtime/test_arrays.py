import json
import os
import struct

import numpy as np
import pytest

from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError

_ARRAYS = {
    "a/b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "step": np.array(7),
    "none": np.zeros((0, 4), np.float16),
    "turned": np.arange(6, dtype=np.int16).reshape(2, 3).T,
    "true": np.array([True, False]),
    "names": np.array(["x", "", "né"]),
    "table": np.array([["a", "bc"], ["d", "e"]]),
    "nobody": np.array([], np.str_),
}


def _refused(path) -> str:
    with pytest.raises(InputError) as error:
        load_arrays(path)
    message = str(error.value)
    assert message.startswith(f"{path} is damaged (") and "\n" not in message
    return message


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.safetensors"
    save_arrays(path, _ARRAYS)
    return path


def test_arrays_come_back_bit_for_bit(saved):
    found = load_arrays(saved)
    assert found.keys() == _ARRAYS.keys()
    for name, array in _ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(found[name], array)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_every_changed_byte_and_every_cut_is_refused(saved):
    whole = saved.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x40
        saved.write_bytes(damaged)
        try:
            found = load_arrays(saved)
        except InputError as error:
            assert "is damaged" in str(error)
        else:
            # In the header, a space more or less means nothing.
            assert all(np.array_equal(found[name], array) for name, array in _ARRAYS.items())
        saved.write_bytes(whole[:position])
        _refused(saved)


def _write(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b"\xff" * 8,
        b'{"a": ' * 500,
        {},
        {"__metadata__": {"texts": "{}"}},
        {"__metadata__": {"texts": "{}", "digest": "0" * 12}},
        {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2**62, 8], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 2**63]}},
        *(
            {"a": {"dtype": dtype, "shape": [8 // size], "data_offsets": [0, 8]}}
            for dtype, size in (("BF16", 2), ("F8_E4M3", 1), ("C64", 8), ("O", 8), ("BOOL", 1))
        ),
    ],
)
def test_files_that_this_program_did_not_write_are_refused(tmp_path, header):
    path = tmp_path / "a.safetensors"
    _write(path, header, b"\x07" * 8)
    _refused(path)


def test_a_header_that_says_it_is_larger_than_memory_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    _refused(path)


def test_what_is_no_file_is_refused(tmp_path):
    assert "No such file" in _refused(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    assert "it is no regular file" in _refused(tmp_path / "pipe")
    assert "it is no regular file" in _refused(tmp_path)


def test_objects_are_never_written(tmp_path):
    with pytest.raises(TypeError):
        save_arrays(tmp_path / "a", {"a": np.array([{}], object)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (None, "a is missing"),
        (np.zeros((2, 2), np.float32), "a is float32 of 2 axes"),
        (np.zeros(2, np.int32), "a is int32 of 1 axes"),
        (np.array([np.inf]), "a is infinite"),
    ],
)
def test_arrays_of_another_kind_are_refused(tmp_path, array, what):
    arrays = {} if array is None else {"a": array}
    with pytest.raises(InputError) as error:
        check_arrays(tmp_path, arrays, {"a": ("f", 1)}, "make it anew")
    assert str(error.value) == f"{tmp_path} is damaged ({what}): make it anew"
    check_arrays(tmp_path, {"a": np.array([np.nan])}, {"a": ("f", 1)})
