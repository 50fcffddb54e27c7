"""Copies the frames of an archive to a plain file, for reading them in any order.

Random access to a compressed archive is slow: instead, it is read once, front to back, and its
frames' files are laid end to end in one file.
"""

import array
import collections
import functools
import json
import os
import pathlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from tfds_casia import archives, png, report
from tfds_casia.files import open_regular
from tfds_casia.naming import Naming, SequenceName
from tfds_casia.report import Report

# An archive of the whole data set holds one archive a subject; nothing real nests deeper.
_MAX_NESTING = 2

_FRAMES, _TABLE, _INDEX = "frames", "table.npy", "index.json"

# Plain integers, (number, start, length) one frame after the other: as objects, the places of a
# million frames would take 200 MB. The length of what cannot be read is -1.
_Places = array.array


class Spooled:
    """A sequence in a part that `spool_archive` has filled."""

    def __init__(self, part: pathlib.Path, location: str, key: str, rows: tuple[int, int]) -> None:
        self.location = location
        self._part, self._key, self._rows = part, key, rows

    def state(self) -> str:
        """Says which contents these are: the part's name tells of the archive's."""
        return self._part.name

    def files(self) -> Iterator[tuple[int, str, bytes | None]]:
        """See `silhouette_sequences.Source`."""
        table = np.load(self._part / _TABLE, mmap_mode="r", allow_pickle=False)[slice(*self._rows)]
        with open(self._part / _FRAMES, "rb") as spool:
            for number, start, length in sorted(table.tolist()):
                spool.seek(start)
                data = None if length < 0 else spool.read(length)
                yield number, f"{self.location}/{self._key}-{number:03d}.png", data


def spool_archive(root: pathlib.Path, path: str, naming: Naming, directory: pathlib.Path) -> None:
    """Fills a part's folder with the frames of one archive and of those inside it.

    No frame is taken from a damaged archive, not even what stands before the damage: the part of a
    subject that can be read would pass for the whole. Whole archives inside it are taken.

    Args:
        root: the folder that paths are relative to.
        path: of the archive.
        naming: how the data set names its frames.
        directory: the part's empty folder.
    """
    account = Report(str(root))
    with open(directory / _FRAMES, "wb") as spool:
        try:
            with open_regular(root / path) as archive:
                budget = archives.Budget(os.fstat(archive.fileno()).st_size)
                held = list(copy_frames(archive, path, naming, spool, account, budget))
        except OSError as error:
            if not archives.is_damage(error):
                raise
            account.skip(report.CORRUPT_ARCHIVE, f"{path} ({error.strerror})")
            held = []
    table, index = array.array("q"), []
    for places in held:
        index.append([])
        for (name, location), rows in places.items():
            first = len(table) // 3
            table.extend(rows)
            index[-1].append([*_fields(name), location, first, len(table) // 3])
    np.save(directory / _TABLE, np.array(table, np.int64).reshape(-1, 3))
    written = {"archives": index, "account": account.as_json()}
    (directory / _INDEX).write_text(json.dumps(written), encoding="utf-8")


def read_index(part: pathlib.Path, account: Report) -> Iterator[dict[SequenceName, list[Spooled]]]:
    """Yields the sequences of each archive in a part, inner ones before the one around them.

    Args:
        part: filled by `spool_archive`.
        account: receives what was left out.
    """
    written = json.loads((part / _INDEX).read_text(encoding="utf-8"))
    account.merge(written["account"])
    for entries in written["archives"]:
        places: dict[SequenceName, list[Spooled]] = collections.defaultdict(list)
        for *fields, location, first, last in entries:
            name = SequenceName(*fields)
            places[name].append(Spooled(part, location, name.key, (first, last)))
        yield places


def _fields(name: SequenceName) -> list[str | int]:
    return [name.key, name.subject, name.condition, name.sequence, name.view]


def copy_frames(
    archive: BinaryIO,
    path: str,
    naming: Naming,
    spool: BinaryIO,
    account: Report,
    budget: archives.Budget,
    depth: int = 1,
) -> Iterator[dict[tuple[SequenceName, str], _Places]]:
    """Copies an archive's frames to the end of a file, and those of the archives inside it.

    Args:
        archive: a seekable binary file.
        path: what to call it.
        naming: how the data set names its frames.
        spool: receives the frames.
        account: receives what is left out.
        budget: what is read is taken off it.
        depth: how many archives this one lies in, and itself.

    Yields:
        For each archive that is whole, inner ones first: of each sequence and the location where
        it lies, its frames' (number, start, length), one after the other.

    Raises:
        OSError: the spool cannot be written.
    """
    places: dict[tuple[SequenceName, str], _Places] = collections.defaultdict(
        functools.partial(array.array, "q")
    )
    try:
        for member in archives.members(archive, budget):
            parsed = naming.parse(member.path.name)
            inner_path = f"{path}!/{member.path}"
            if not member.safe:
                account.skip(report.UNSAFE_MEMBER, inner_path)
            elif parsed is not None:
                name, number = parsed
                folder = member.path.parent.as_posix()
                location = f"{path}!" if folder == "." else f"{path}!/{folder}"
                data = _read_member(member)
                length = -1 if data is None else len(data)
                places[name, location].extend((number, spool.tell(), length))
                spool.write(data or b"")
            elif archives.is_archive(member.path.name) and depth < _MAX_NESTING:
                try:
                    with archives.nested(member, budget) as inner:
                        yield from copy_frames(
                            inner, inner_path, naming, spool, account, budget, depth + 1
                        )
                except archives.READ_ERRORS as error:
                    if not (member.independent and archives.is_damage(error)):
                        raise
                    account.skip(report.CORRUPT_ARCHIVE, f"{inner_path} ({error})")
            else:
                account.skip(report.STRAY_FILE, inner_path)
    except archives.READ_ERRORS as error:
        if not archives.is_damage(error):
            raise
        account.skip(report.CORRUPT_ARCHIVE, f"{path} ({error})")
        return
    yield places


def _read_member(member: archives.Member) -> bytes | None:
    """Returns a frame's file, or None if it alone is damaged."""
    try:
        with member.open() as file:
            return file.read(png.MAX_FILE_BYTES + 1)
    except archives.READ_ERRORS as error:
        if not member.independent or isinstance(error, archives.ExpandsTooFarError):
            raise
        return None
