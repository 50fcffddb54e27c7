"""Finds the sequences of a data set of silhouettes in whatever shape it lies on disk.

Frames are recognised by their file names alone, so that it does not matter how the folders above
them are called, doubled or left out, or whether a part of the data set is still packed. Only the
place of each sequence is kept in memory; frames are read one sequence at a time.
"""

import collections
import os
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from tfds_casia import archives, png, report
from tfds_casia.files import open_regular
from tfds_casia.fingerprint import fingerprint
from tfds_casia.naming import Naming, SequenceName
from tfds_casia.report import Report
from tfds_casia.spool import read_index


class Source(Protocol):
    """A place where the frames of one sequence lie."""

    location: str

    def state(self) -> str:
        """Returns a text that changes when the files do."""

    def files(self) -> Iterator[tuple[int, str, bytes | None]]:
        """Yields frame number, name and file contents, by rising number; None if unreadable."""


def file_state(path: str | os.PathLike[str]) -> str:
    """Returns a text that changes when a file does: by its size and time, contents are not read."""
    try:
        found = os.stat(path)
    except OSError as error:
        return str(error.errno)
    return f"{found.st_size} {found.st_mtime_ns}"


class _Folder:
    """A sequence in a folder, possibly among others; listed anew when it is read."""

    def __init__(self, path: str, location: str, name: SequenceName, naming: Naming) -> None:
        self.location = location
        self._path = path
        self._name = name
        self._naming = naming

    def _frames(self) -> list[tuple[int, str]]:
        frames = []
        for file_name in os.listdir(self._path):
            parsed = self._naming.parse(file_name)
            if parsed is not None and parsed[0] == self._name:
                frames.append((parsed[1], file_name))
        return sorted(frames)

    def state(self) -> str:
        names = [file_name for _, file_name in self._frames()]
        return fingerprint([[name, file_state(os.path.join(self._path, name))] for name in names])

    def files(self) -> Iterator[tuple[int, str, bytes | None]]:
        for number, file_name in self._frames():
            try:
                with open_regular(os.path.join(self._path, file_name)) as file:
                    data = file.read(png.MAX_FILE_BYTES + 1)
            except OSError:
                data = None
            yield number, _join(self.location, file_name), data


def find_sequences(
    root: pathlib.Path,
    naming: Naming,
    account: Report,
    spool: Callable[[list[str]], list[pathlib.Path]],
) -> list[tuple[SequenceName, Source]]:
    """Finds every sequence below a folder, unpacked or in archives.

    A sequence found more than once is taken from its first place: folders before archives, then by
    path.

    Args:
        root: the folder to search; links in it are followed.
        naming: how the data set names its frames.
        account: receives what was left out.
        spool: copies the frames out of archives, given by their paths below the root: returns the
            folders that `spool.spool_archive` has filled, which the sequences are read from.

    Returns:
        The sequences and their places, sorted by key. May be empty.
    """
    unpacked: dict[SequenceName, list[Source]] = collections.defaultdict(list)
    packed: list[str] = []
    for folder, file_names in walk(root, account):
        location = relative(folder, root)
        names = set()
        for file_name in file_names:
            parsed = naming.parse(file_name)
            path = _join(location, file_name)
            if parsed is not None:
                names.add(parsed[0])
            elif archives.is_archive(file_name):
                packed.append(path)
            elif naming.parse_video(file_name) is None:
                account.skip(report.STRAY_FILE, path)
        for name in names:
            unpacked[name].append(_Folder(folder, location, name, naming))
    found: dict[SequenceName, Source] = {}
    _add_first(unpacked, found, account)
    for part in spool(sorted(packed)):
        for places in read_index(part, account):
            _add_first(places, found, account)
    return sorted(found.items(), key=lambda item: item[0])


def walk(root: pathlib.Path, account: Report) -> Iterator[tuple[str, list[str]]]:
    """Yields each folder below the root, once however many links lead to it, and its files."""

    def refused(error: OSError) -> None:
        account.skip(report.UNREADABLE_FOLDER, relative(error.filename, root))

    seen = set()
    for folder, subfolders, file_names in os.walk(root, onerror=refused, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders.sort()
        yield folder, sorted(file_names)


def _add_first(
    places: Mapping[SequenceName, Sequence[Source]],
    found: dict[SequenceName, Source],
    account: Report,
) -> None:
    """Adds each sequence's first place to those found, and accounts for its other places."""
    for name in sorted(places):
        for place in sorted(places[name], key=lambda place: place.location):
            if found.setdefault(name, place) is not place:
                account.skip(report.DUPLICATE_SEQUENCE, f"{place.location} ({name.key})")


def relative(path: str, root: pathlib.Path) -> str:
    """Returns a path below the root with forward slashes, for reports."""
    return pathlib.PurePath(os.path.relpath(path, root)).as_posix()


def _join(folder: str, name: str) -> str:
    return "/".join(part for part in (folder, name) if part != ".")
