import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from tfds_casia import archives

_FILES = {"a/1.png": b"one", "a/2.png": b"", "3.png": b"x" * 1536}


def _tar(files=_FILES) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        folder = tarfile.TarInfo("a")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, contents in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return packed.getvalue()


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("a")
        for name, contents in _FILES.items():
            archive.writestr(name, contents)
    return packed.getvalue()


def _members(data: bytes, budget: archives.Budget | None = None):
    return archives.members(io.BytesIO(data), budget or archives.Budget(len(data)))


def _read(data: bytes) -> dict[str, bytes]:
    contents = {}
    for member in _members(data):
        with member.open() as file:
            contents[str(member.path)] = file.read()
        assert member.safe
    return contents


@pytest.mark.parametrize(
    "data",
    [_tar(), gzip.compress(_tar()), bz2.compress(_tar()), lzma.compress(_tar()), _zip()],
    ids=["tar", "gzip", "bzip2", "xz", "zip"],
)
def test_kinds_are_told_by_their_contents(data):
    assert _read(data) == _FILES


def test_members_may_be_passed_over():
    names = [str(member.path) for member in _members(gzip.compress(_tar()))]
    assert names == list(_FILES)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["tar", "gzip"])
def test_truncated_tar_is_told_wherever_it_ends(pack):
    data = _tar()
    end = data.rindex(b"x") + 1
    for length in range(0, end + 1, 128):
        with pytest.raises(archives.READ_ERRORS):
            _read(pack(data[:length]))


def test_truncated_compression_is_told():
    data = gzip.compress(_tar())
    for length in range(1, len(data)):
        with pytest.raises(archives.READ_ERRORS):
            _read(data[:length])


def test_damaged_header_is_not_taken_for_the_end():
    data = bytearray(_tar())
    data[data.index(b"3.png")] ^= 1
    with pytest.raises(tarfile.ReadError, match="header is damaged"):
        _read(bytes(data))


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress], ids=["plain", "gzip"])
def test_a_member_of_terabytes_that_are_not_there_is_told_at_once(pack):
    info = tarfile.TarInfo("a.png")
    info.size = 2**46
    data = info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    with pytest.raises(EOFError, match="ends within a member"):
        list(_members(pack(data)))


def test_wrong_checksum_of_the_compression_is_told():
    data = bytearray(gzip.compress(_tar()))
    data[-8] ^= 1
    with pytest.raises(OSError, match="CRC"):
        _read(bytes(data))


def test_unsafe_tar_members():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("good.png", "../up.png", "/absolute.png", "a/../../up.png", "..\\up.png"):
            archive.addfile(tarfile.TarInfo(name))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("other.png")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    safe = [member.safe for member in _members(packed.getvalue())]
    assert safe == [True] + 8 * [False]


def test_unsafe_zip_members():
    packed = io.BytesIO()
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("good.png", "../up.png", "/absolute.png", link):
            archive.writestr(name, b"")
    safe = [member.safe for member in _members(packed.getvalue())]
    assert safe == [True] + 3 * [False]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("001.tar.gz", True), ("x.TGZ", True), ("x.zip", True), ("._x.zip", False), ("x.gz", False)],
)
def test_is_archive(name, expected):
    assert archives.is_archive(name) is expected
