"""Changes valid inputs: bytes, JSON values, arrays."""

import json
import pathlib
import random
import struct
from typing import Any

import numpy as np

from gait_jax.runtime.arrays import load_arrays, save_arrays

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)

# Values of every JSON type, for fields of any type.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 7, 2**31, 2**64, 10**30, -(10**30), 0.5, -0.5, 1e-30, 1e308,
    float("nan"), float("inf"), -float("inf"), "", "a", "0", "../..", "\0", "é\ud800", "x" * 5000,
    [], [1], [0], [-1], ["a"], [None], [1.5, 2], [[1]], [10**9], [2] * 100, {}, {"a": 1},
    {"a": {"b": []}},
)  # fmt: skip


def _overwrite(rng: random.Random, data: bytes) -> bytes:
    """Puts an extreme number of 1 to 8 bytes somewhere."""
    form = rng.choice(("B", ">H", "<H", ">I", "<I", ">Q", "<Q"))
    number = struct.pack(form, rng.choice(_EXTREMES) % 2 ** (8 * struct.calcsize(form)))
    at = rng.randrange(len(data))
    return data[:at] + number + data[at + len(number) :]


def _flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut_out(rng: random.Random, data: bytes) -> bytes:
    first = rng.randrange(len(data))
    return data[:first] + data[first + rng.randint(1, 64) :]


def _double(rng: random.Random, data: bytes) -> bytes:
    first = rng.randrange(len(data))
    last = first + rng.randint(1, 256)
    return data[:last] + data[first:last] * rng.choice((1, 1, 50)) + data[last:]


def _zero(rng: random.Random, data: bytes) -> bytes:
    first = rng.randrange(len(data))
    last = min(len(data), first + rng.randint(1, 512))
    return data[:first] + bytes(last - first) + data[last:]


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _append(rng: random.Random, data: bytes) -> bytes:
    return data + rng.randbytes(rng.randint(1, 300))


_CHANGES = (_overwrite, _flip, _flip, _cut_out, _double, _zero, _truncate, _append)


def mutated(rng: random.Random, data: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """A file's contents with one to three changes, or something else altogether.

    Args:
      rng: draws.
      data: a valid file.
      others: valid files of other kinds, to be put in its place or behind a part of it.
    """
    chance = rng.random()
    if chance < 0.02:
        return b""
    if chance < 0.04:
        return rng.randbytes(rng.randint(1, 2000))
    if chance < 0.06:
        return rng.choice((b"\0" * 1000, b"{}", b"[]", b"null", b"#EXTM3U\n", b"\xff\xfe\0", b"\n"))
    if others and chance < 0.09:
        return rng.choice(others)
    if others and chance < 0.13:
        return data[: rng.randrange(len(data))] + rng.choice(others)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if data:
            data = rng.choice(_CHANGES)(rng, data)
    return data


def paths(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of everything in a JSON value, its own () included."""
    found = [path]
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        found += paths(inner, (*path, key))
    return found


def put(value: Any, path: tuple, new: Any) -> Any:
    """A JSON value with another one at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


def mutated_value(rng: random.Random, value: Any, fields: list[tuple] | None = None) -> Any:
    """A JSON value of which one to three things are others, are missing, or came to it.

    Args:
      rng: draws.
      value: a valid value.
      fields: paths of what may change; all by default.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        known = paths(value)
        path = rng.choice([p for p in fields if p in known] or known if fields else known)
        inner = value
        for key in path[:-1]:
            inner = inner[key]
        chance = rng.random()
        if path and isinstance(inner, dict) and chance < 0.15:
            value = put(value, path[:-1], {k: v for k, v in inner.items() if k != path[-1]})
        elif path and isinstance(inner, dict) and chance < 0.2:
            name = rng.choice(("", "x", "a.b", "to_dict", "keys", "é", "__class__", path[-1] + "2"))
            value = put(value, path[:-1], inner | {name: rng.choice(VALUES)})
        else:
            old = value
            for key in path:
                old = old[key]
            new = rng.choice(VALUES)
            if type(old) in (int, float) and rng.random() < 0.4:
                # A value that may be as good, alone or with the others.
                new = rng.choice((old + 1, 2 * old, old // 2, 3 * old, -old, old + 0.5))
            value = put(value, path, new)
    return value


def mutated_json(rng: random.Random, text: bytes) -> bytes:
    """A JSON file, changed as bytes or as a value."""
    if rng.random() < 0.4:
        return mutated(rng, text, (b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000, b"NaN"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # It was changed before.
        return mutated(rng, text)
    return json.dumps(mutated_value(rng, value)).encode()


def changed_arrays(rng: random.Random, path: pathlib.Path) -> None:
    """Writes a file of arrays anew with one changed, missing or renamed.

    What says that they are whole is right, so that what looks at the arrays is reached.
    """
    arrays = load_arrays(path)
    name = rng.choice(sorted(arrays))
    array = arrays.pop(name)
    change = rng.randrange(5)
    if change == 1:
        arrays[rng.choice(("x", "a/b/c", name + "/more"))] = array
    elif change == 2:
        kind = rng.choice((np.float16, np.float64, np.int64, np.str_))
        arrays[name] = array.astype(kind) if array.dtype.kind != "U" else np.zeros(3, kind)
    elif change == 3:
        arrays[name] = rng.choice((array[None], array.ravel()[:1], array.ravel()[:0]))
    elif change == 4 and array.dtype.kind != "U":
        data = bytearray(array.tobytes())
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        arrays[name] = np.frombuffer(bytes(data), array.dtype).reshape(array.shape)
    save_arrays(path, arrays)
