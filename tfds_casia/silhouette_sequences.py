"""Finds the sequences of a data set of silhouettes in whatever shape it lies on disk.

Frames are recognised by their file names alone, so that it does not matter how the folders above
them are called, doubled or left out, or whether a part of the data set is still packed. Only the
place of each sequence is kept in memory; frames are read one sequence at a time.
"""

import array
import collections
import os
import pathlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from tfds_casia import archives, png, report
from tfds_casia.files import open_regular
from tfds_casia.naming import Naming, SequenceName
from tfds_casia.report import Report

# An archive of the whole data set holds one archive a subject; nothing real nests deeper.
_MAX_NESTING = 2


class Source(Protocol):
    """A place where the frames of one sequence lie."""

    location: str

    def files(self) -> Iterator[tuple[int, str, bytes | None]]:
        """Yields frame number, name and file contents, by rising number; None if unreadable."""


class _Folder:
    """A sequence in a folder, possibly among others; listed anew when it is read."""

    def __init__(self, path: str, location: str, name: SequenceName, naming: Naming) -> None:
        self.location = location
        self._path = path
        self._name = name
        self._naming = naming

    def files(self) -> Iterator[tuple[int, str, bytes | None]]:
        frames = []
        for file_name in os.listdir(self._path):
            parsed = self._naming.parse(file_name)
            if parsed is not None and parsed[0] == self._name:
                frames.append((parsed[1], file_name))
        for number, file_name in sorted(frames):
            try:
                with open_regular(os.path.join(self._path, file_name)) as file:
                    data = file.read(png.MAX_FILE_BYTES + 1)
            except OSError:
                data = None
            yield number, _join(self.location, file_name), data


class _Spooled:
    """A sequence copied out of an archive to the spool file.

    The spool makes random access to compressed archives cheap: an archive is read once, front to
    back, and its frames' files are laid end to end in one nameless temporary file.
    """

    def __init__(self, spool: BinaryIO, location: str, name: SequenceName) -> None:
        self.location = location
        self._spool = spool
        self._name = name
        # Plain integers: as objects, the places of a million frames would take 200 MB.
        self._numbers, self._starts, self._lengths = (array.array("q") for _ in range(3))

    def add(self, number: int, data: bytes | None) -> None:
        """Appends a frame's file to the spool."""
        self._numbers.append(number)
        self._starts.append(self._spool.seek(0, os.SEEK_END))
        self._lengths.append(-1 if data is None else len(data))
        if data is not None:
            self._spool.write(data)

    def files(self) -> Iterator[tuple[int, str, bytes | None]]:
        for number, start, length in sorted(
            zip(self._numbers, self._starts, self._lengths, strict=True)
        ):
            self._spool.seek(start)
            data = None if length < 0 else self._spool.read(length)
            yield number, f"{self.location}/{self._name.key}-{number:03d}.png", data


def find_sequences(
    root: pathlib.Path, naming: Naming, spool: BinaryIO, account: Report
) -> list[tuple[SequenceName, Source]]:
    """Finds every sequence below a folder, unpacked or in archives.

    A sequence found more than once is taken from its first place: folders before archives, then by
    path.

    Args:
        root: the folder to search; links in it are followed.
        naming: how the data set names its frames.
        spool: a binary file, open for writing and reading, that receives the frames found in
            archives. The sequences returned are read from it.
        account: receives what was left out.

    Returns:
        The sequences and their places, sorted by key. May be empty.
    """
    unpacked: dict[SequenceName, list[Source]] = collections.defaultdict(list)
    packed: list[str] = []
    for folder, file_names in walk(root, account):
        location = _relative(folder, root)
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
    for path in sorted(packed):
        try:
            archive = open_regular(root / path)
        except OSError as error:
            account.skip(report.CORRUPT_ARCHIVE, f"{path} ({error.strerror})")
            continue
        with archive:
            budget = archives.Budget(os.fstat(archive.fileno()).st_size)
            _add_archive(archive, path, naming, found, spool, account, budget)
    return sorted(found.items(), key=lambda item: item[0])


def walk(root: pathlib.Path, account: Report) -> Iterator[tuple[str, list[str]]]:
    """Yields each folder below the root, once however many links lead to it, and its files."""

    def refused(error: OSError) -> None:
        account.skip(report.UNREADABLE_FOLDER, _relative(error.filename, root))

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
    places: dict[SequenceName, list[Source]], found: dict[SequenceName, Source], account: Report
) -> None:
    """Adds each sequence's first place to those found, and accounts for its other places."""
    for name in sorted(places):
        for place in sorted(places[name], key=lambda place: place.location):
            if found.setdefault(name, place) is not place:
                account.skip(report.DUPLICATE_SEQUENCE, f"{place.location} ({name.key})")


def _add_archive(
    archive: BinaryIO,
    path: str,
    naming: Naming,
    found: dict[SequenceName, Source],
    spool: BinaryIO,
    account: Report,
    budget: archives.Budget,
    depth: int = 1,
) -> None:
    """Copies an archive's frames to the spool, unless their sequences were found before.

    No frame is taken from a damaged archive, not even what stands before the damage: the part of a
    subject that can be read would pass for the whole. Whole archives inside it are taken.
    """
    places: dict[SequenceName, dict[str, _Spooled]] = collections.defaultdict(dict)
    try:
        for member in archives.members(archive, budget):
            parsed = naming.parse(member.path.name)
            inner_path = f"{path}!/{member.path}"
            if not member.safe:
                account.skip(report.UNSAFE_MEMBER, inner_path)
            elif parsed is not None:
                name, number = parsed
                location = _join(f"{path}!", member.path.parent.as_posix())
                if location not in places[name]:
                    places[name][location] = _Spooled(spool, location, name)
                if name not in found:
                    places[name][location].add(number, _read_member(member))
            elif archives.is_archive(member.path.name) and depth < _MAX_NESTING:
                try:
                    with archives.nested(member, budget) as inner:
                        _add_archive(
                            inner, inner_path, naming, found, spool, account, budget, depth + 1
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
    _add_first({name: list(by.values()) for name, by in places.items()}, found, account)


def _read_member(member: archives.Member) -> bytes | None:
    """Returns a frame's file, or None if it alone is damaged."""
    try:
        with member.open() as file:
            return file.read(png.MAX_FILE_BYTES + 1)
    except archives.READ_ERRORS as error:
        if not member.independent or isinstance(error, archives.ExpandsTooFarError):
            raise
        return None


def _relative(path: str, root: pathlib.Path) -> str:
    return pathlib.PurePath(os.path.relpath(path, root)).as_posix()


def _join(folder: str, name: str) -> str:
    return "/".join(part for part in (folder, name) if part != ".")
