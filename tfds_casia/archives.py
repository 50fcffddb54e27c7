"""Reads zip and tar archives front to back, without unpacking them to disk.

Nothing is ever written under a member's name, so that no archive, however it was made, can place a
file anywhere. How much an archive may expand to is bounded: see `Budget`.
"""

import bz2
import contextlib
import dataclasses
import errno
import functools
import gzip
import io
import lzma
import pathlib
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".zip")

# What the standard library raises on damaged archives. RuntimeError is zipfile's word for a
# password and, as NotImplementedError, for a compression that it does not know.
READ_ERRORS = (
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    # A header may ask for more memory than there is.
    MemoryError,
)

# What frames shrink to is half of them, and with all that stands around them in a tar not a tenth.
_MOST_EXPANSION = 100
_ALWAYS_ALLOWED = 2**26

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


# How often a stream is read that has ended; who reads it to the end does a few times.
_MOST_ENDS = 64


class ExpandsTooFarError(ValueError):
    """An archive that expands to so much more than its size that it must have been made to."""


class Budget:
    """How many bytes may come out of an archive and of all archives in it."""

    def __init__(self, packed: int) -> None:
        """Allows a hundred times the size of the archive, and always 64 MiB.

        Args:
            packed: size of the archive in bytes.
        """
        self._left = max(_ALWAYS_ALLOWED, _MOST_EXPANSION * packed)

    def spend(self, size: int) -> None:
        """Takes a number of bytes off.

        Raises:
            ExpandsTooFarError: there are not as many left.
        """
        self._left -= size
        if self._left < 0:
            raise ExpandsTooFarError(
                f"expands to more than {_MOST_EXPANSION} times its size and {_ALWAYS_ALLOWED} bytes"
            )


class _Metered(io.RawIOBase):
    """A stream whose bytes are taken off a budget."""

    def __init__(self, stream: BinaryIO, budget: Budget) -> None:
        self._stream, self._budget, self._ends = stream, budget, 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._budget.spend(len(data))
        # tarfile goes to where a damaged header says that the next member begins, terabytes on,
        # by reading block after block of nothing.
        self._ends += not data
        if self._ends > _MOST_ENDS:
            raise EOFError("it ends within a member")
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


@dataclasses.dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes:
        path: its path in the archive, with forward slashes.
        safe: False for links and devices, and for paths that lead out of the archive.
        independent: whether the rest of the archive can be read if this member is damaged.
        open: opens it for reading; valid until the next member is drawn.
    """

    path: pathlib.PurePosixPath
    safe: bool
    independent: bool
    open: Callable[[], BinaryIO]


def is_archive(file_name: str) -> bool:
    """Returns whether a file's name is that of an archive that can be read."""
    # macOS puts a small "._001.zip" of attributes beside each "001.zip" that it packs.
    return file_name.lower().endswith(SUFFIXES) and not file_name.startswith("._")


def is_damage(error: Exception) -> bool:
    """Returns whether one of `READ_ERRORS` tells of the archive, and not of a full disk."""
    return not (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT))


def members(archive: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Walks an archive once, in the order in which it is stored; folders are left out.

    Args:
        archive: a seekable binary file. Its kind (zip, plain tar, or tar compressed by gzip, bzip2
            or xz) is taken from its first bytes, since suffixes are often wrong.
        budget: what is read is taken off it.

    Yields:
        Its files, links and devices.

    Raises:
        Exception: one of `READ_ERRORS` if the archive is damaged or ends early.
    """
    start = archive.read(2)
    archive.seek(0)
    if start == b"PK":
        yield from _zip_members(archive, budget)
    else:
        yield from _tar_members(archive, _OPENERS.get(start), budget)


@contextlib.contextmanager
def nested(member: Member, budget: Budget) -> Iterator[BinaryIO]:
    """Gives an archive inside an archive as a seekable temporary file of its own."""
    with tempfile.TemporaryFile() as copy:
        # Metered once more: a sparse member of a tar is large on disk and small in the archive.
        with _Metered(member.open(), budget) as packed:
            shutil.copyfileobj(packed, copy)
        copy.seek(0)
        yield copy


def _zip_members(archive: BinaryIO, budget: Budget) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as unzipped:

        def opened(info: zipfile.ZipInfo) -> BinaryIO:
            # zipfile expands what it has read of any other kind at once, however large.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise NotImplementedError("compressed in another way than zip files usually are")
            return _Metered(unzipped.open(info), budget)

        for info in unzipped.infolist():
            # Not by its is_dir, which fails on a name without a character.
            if info.filename.endswith("/"):
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where made without Unix modes.
            yield _member(
                info.filename,
                kind in (0, stat.S_IFREG),
                independent=True,
                opener=functools.partial(opened, info),
            )


def _tar_members(
    archive: BinaryIO, decompress: Callable[[BinaryIO], BinaryIO] | None, budget: Budget
) -> Iterator[Member]:
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(decompress(archive)) if decompress else archive
        stream = _Metered(plain, budget)
        # As a forward-only stream: seeking back in a compressed file starts it all over.
        untarred = stack.enter_context(tarfile.open(fileobj=stream, mode="r|"))
        while (info := untarred.next()) is not None:
            # The reader remembers every member, which for a million frames is over a gigabyte.
            untarred.members.clear()
            if info.isdir():
                continue
            yield _member(
                info.name,
                info.isreg(),
                independent=False,
                opener=functools.partial(untarred.extractfile, info),
            )
        _check_end(untarred.fileobj)


def _check_end(stream: BinaryIO) -> None:
    """Raises unless zeros, and nothing else, follow a tar's last member.

    tarfile takes a damaged or missing header for the end of the archive without a word. Reading on
    to the end also makes the decompressors compare their checksums.
    """
    found = False
    while block := stream.read(2**16):
        found = True
        if block.strip(b"\0"):
            raise tarfile.ReadError("a member's header is damaged")
    if not found:
        raise tarfile.ReadError("the end of the archive is missing")


def _member(
    name: str, regular: bool, *, independent: bool, opener: Callable[[], BinaryIO]
) -> Member:
    path = pathlib.PurePosixPath(name.replace("\\", "/"))
    inside = not path.is_absolute() and ".." not in path.parts
    return Member(path, regular and inside, independent, opener)
