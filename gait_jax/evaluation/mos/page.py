"""The page on which people rate clips: a folder of files, which no network is needed for."""

import contextlib
import json
import pathlib
import shutil
import uuid
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gait_jax.evaluation.mos import clips, library, plan
from gait_jax.evaluation.mos.clips import ORIGINAL
from gait_jax.evaluation.mos.key import Key
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of, writable, write_bytes

INDEX, STUDY, CLIPS = "index.html", "study.js", "clips"
_SOURCE = pathlib.Path(__file__).parent / "page"
_OPENS, _CLOSES = b"window.STUDY = ", b";\n"
# Where nobody says how many, and there are originals.
_FOURS = 8


class Made(NamedTuple):
    """What a page holds.

    Attributes:
      methods: their names.
      each: clips of each method that one rater rates.
      sheets: how many selections of clips there are.
      fours: sets of four.
      warning: what raters could tell methods apart by; empty where nothing is known.
    """

    methods: list[str]
    each: int
    sheets: int
    fours: int
    warning: str


def make(
    folders: Sequence[str],
    out: pathlib.Path,
    key: pathlib.Path,
    per_rater: int,
    fours: int | None = None,
    seed: int | None = None,
    progress: bool = True,
) -> Made:
    """Writes a page and its key.

    Args:
      folders: as for `clips.find`.
      out: the page's folder, which must not be there, or be empty.
      key: the file that says what the clips are; outside of `out`, and not there yet.
      per_rater: how many clips one rater rates.
      fours: how many sets of four, of which one is not real; None for some, if there are originals.
      seed: for making the same page again: whoever knows it and the clips' names can draw the
        clips' random names, too. None takes the operating system's entropy.
      progress: whether to show a bar.

    Raises:
      InputError: a clip cannot be used, or something cannot be written.
    """
    found = clips.find(folders)
    if seed is None:
        rng = np.random.default_rng()
    else:
        # Other clips are another page.
        rng = np.random.default_rng([seed, zlib.crc32(repr([*found]).encode())])
    if fours is None:
        fours = _FOURS if any(label.method == ORIGINAL for label in found) else 0
    drawn = plan.make(found, per_rater, fours, rng)
    _check_places(out, key)
    page, *names = _names(1 + len(drawn.shown), rng)
    by_label = dict(zip(drawn.shown, names, strict=True))
    # Within a group, the order would say what is what.
    sheets, sets = (
        [sorted(by_label[label] for label in group) for group in groups]
        for groups in (drawn.sheets, drawn.fours)
    )
    labels = {name: label for label, name in by_label.items()}
    told = Key(page, dict(sorted(labels.items())), sheets, sets)
    with writable(key, "--key"), _appearing(out, key) as folder:
        shapes = {}
        (folder / CLIPS).mkdir()
        shown = bars.over(
            told.clips.items(), shown=progress, desc="Encoding", unit="clip", total=len(names)
        )
        for name, label in shown:
            made = clips.encode(found[label], folder / CLIPS / f"{name}.mp4")
            shapes.setdefault(label.method, set()).add(made)
        study = {"page": page, "sheets": sheets, "fours": sets}
        write_bytes(folder / STUDY, _OPENS + json.dumps(study).encode() + _CLOSES)
        for source in sorted(_SOURCE.iterdir()):
            write_bytes(folder / source.name, read_regular(source))
        for name, data in library.files():
            write_bytes(folder / name, data)
        told.save(key)
    methods = sorted({label.method for label in found} - {ORIGINAL})
    warning = ""
    if len({frozenset(made) for made in shapes.values()}) > 1:
        warning = "sizes or frame rates of the clips differ between folders: that tells them apart"
    return Made(methods, len(sheets[0]) // len(methods), len(sheets), len(sets), warning)


def read_study(folder: pathlib.Path) -> str:
    """The name of the page in a folder.

    Raises:
      InputError: there is none.
    """
    try:
        text = read_regular(folder / STUDY)
        page = parse_json(text.removeprefix(_OPENS).removesuffix(_CLOSES))["page"]
        if isinstance(page, str):
            return page
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise InputError(f"{folder} is no page: give the -o folder of python -m gait_jax.mos page")


def _names(count: int, rng: np.random.Generator) -> list[str]:
    """Random names, of which none says anything, nor is there twice."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[rng.bytes(8).hex()] = None
    return [*found]


def _check_places(out: pathlib.Path, key: pathlib.Path) -> None:
    inside = key.resolve()
    if out.resolve() in (inside, *inside.parents):
        raise InputError(f"{key} lies in the page, for all raters to see: choose another --key")
    if key.exists():
        raise InputError(f"{key} is there already, another page's key: choose another --key")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already, and not empty: choose another -o")


@contextlib.contextmanager
def _appearing(out: pathlib.Path, key: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder that takes its name when all is in it, and goes, with the key, when that fails."""
    partial = out.parent / f".{uuid.uuid4().hex}.partial"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        yield partial
        partial.replace(out)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({reason_of(error)}): choose another -o"
        ) from None
    finally:
        if partial.exists():
            shutil.rmtree(partial, ignore_errors=True)
            key.unlink(missing_ok=True)
