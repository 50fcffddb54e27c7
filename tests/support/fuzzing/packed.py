"""Folders and archives of a data set's frames."""

import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import stat
import tarfile
import tempfile
import zipfile

import cv2
import tensorflow_datasets as tfds
from drawn import draw_walk
from spooling import spool_into

import tfds_casia
from fuzzing import pngs
from fuzzing.kind import CASE, READ, SKIPPED, Kind, check
from fuzzing.mutate import mutated
from gait_jax.data import source
from tfds_casia import png
from tfds_casia.report import Report
from tfds_casia.silhouette_sequences import find_sequences

_NAMES = (
    "../zdx-00_1-001.png", "/zdx-00_1-001.png", "a/../../zdx-00_1-001.png", "..\\zdx-00_1-001.png",
    "C:\\zdx-00_1-001.png", "zdx-00_1-001.png", "./zdx-00_1-002.png", "a//b/zdx-00_1-003.png",
    "zdx-00_1-001.PNG", "zdx-00_1-999999999.png", "zdx-00_1-9999999999.png", "ZDX-90_9-1.png",
    "é\ud800.png", "x\0.png", "zdx-00_1-001.png/", "", ".", "..", "a" * 300 + "/zdx-00_1-001.png",
    "inner.zip", "inner.tar.gz", "._x.zip", "CON", "zdx-00_1-٣٣٣.png", "\n-00_1-001.png",
)  # fmt: skip
_KINDS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
          tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.XGLTYPE,
          tarfile.GNUTYPE_LONGNAME, tarfile.CONTTYPE, b"Z")  # fmt: skip
_PACKERS = {".tar": bytes, ".tar.gz": gzip.compress, ".tar.bz2": bz2.compress,
            ".tar.xz": lzma.compress}  # fmt: skip
# What may be held on disk of an archive's frames: more is a bomb that went off.
_MOST = 80 * 2**20


def tar(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tar archive; the sizes that the members claim are those of their contents."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for info, contents in members:
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return packed.getvalue()


def zipped(members: list[tuple[str, bytes, int]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of (name, contents, Unix mode)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, contents, mode in members:
            info = zipfile.ZipInfo("x")
            # Not by the constructor, which mends names.
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, contents, method)
    return packed.getvalue()


class Archives(Kind):
    """What `find_sequences` finds, what the builder of CASIA-A makes of it, and where it writes."""

    made = ("data", "tmp")

    def __init__(self, seeds):
        super().__init__(seeds)
        tfds.disable_progress_bar()
        self._frames = [cv2.imencode(".png", m)[1].tobytes() for m in draw_walk(5)]

    def _members(self, rng) -> list[tuple[str, bytes]]:
        found = [
            (f"{who}/00_1/{who}-00_1-{i:03d}.png", data)
            for who in ("zdx", "zl")[: rng.randint(1, 2)]
            for i, data in enumerate(self._frames, 1)
        ]
        for _ in range(rng.choice((0, 1, 2))):
            change, at = rng.randrange(4), rng.randrange(len(found))
            if change == 0:
                found[at] = (rng.choice(_NAMES), found[at][1])
            elif change == 1:
                found[at] = (found[at][0], mutated(rng, found[at][1]))
            elif change == 2:
                found.append((rng.choice(_NAMES), rng.choice(self._frames)))
            else:
                found[at] = (found[at][0], pngs.rearranged(rng, found[at][1]))
        return found

    def _tar(self, rng, members) -> bytes:
        listed = []
        for name, data in members:
            info = tarfile.TarInfo(name)
            if rng.random() < 0.05:
                info.type = rng.choice(_KINDS)
                info.linkname = rng.choice(("/etc/passwd", "../../x", "zl-00_1-001.png"))
                data = data if rng.random() < 0.3 else b""
            if rng.random() < 0.05:
                info.pax_headers = {rng.choice(("path", "size", "GNU.sparse.size", "linkpath")):
                                    rng.choice(("../x", "99999999999", "-1", "x"))}  # fmt: skip
            listed.append((info, data))
        try:
            return tar(listed)
        except (ValueError, UnicodeError):
            return tar([(tarfile.TarInfo("x"), b"")])

    def _zip(self, rng, members) -> bytes:
        method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED,
                             zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))  # fmt: skip
        modes = (0, 0, 0, stat.S_IFREG, stat.S_IFLNK | 0o777, stat.S_IFIFO, stat.S_IFCHR)
        listed = [(n, d, rng.choice(modes) if rng.random() < 0.1 else 0) for n, d in members]
        try:
            return zipped(listed, method)
        except (ValueError, UnicodeError):
            return zipped([("x", b"", 0)])

    def _archive(self, rng, members) -> tuple[str, bytes]:
        if rng.random() < 0.4:
            data, suffix = self._zip(rng, members), ".zip"
        else:
            suffix = rng.choice(tuple(_PACKERS))
            data = self._tar(rng, members)
            if rng.random() < 0.3:
                data = mutated(rng, data)
            data = _PACKERS[suffix](data)
        if rng.random() < 0.4:
            data = mutated(rng, data)
        return suffix, data

    def _bomb(self, rng) -> tuple[str, bytes]:
        """Little that expands to much: zeros, as a frame, beside frames, as an inner archive."""
        size = rng.choice((2**24, 2**28, 2**29))
        name = rng.choice(("zdx/zdx-00_1-007.png", "x.bin", "inner.tar"))
        if rng.random() < 0.5:
            method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
            return ".zip", zipped([(name, bytes(size), 0)], method)
        info = tarfile.TarInfo(name)
        info.size = size
        if rng.random() < 0.3:
            info.type = rng.choice((tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE))
        head = info.tobuf()
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
            stream.write(head)
            for _ in range(size >> 20):
                stream.write(bytes(2**20))
            stream.write(bytes(1024))
        return ".tar.gz", packed.getvalue()

    def write(self, rng, folder):
        manual = folder / "manual"
        manual.mkdir()
        clean, chance = None, rng.random()
        if chance < 0.03:
            suffix, data = self._bomb(rng)
            (manual / f"bomb{suffix}").write_bytes(data)
        elif chance < 0.1:
            clean = [(f"zl/zl-00_1-{i:03d}.png", data) for i, data in enumerate(self._frames, 1)]
            (manual / "zl.tar.gz").write_bytes(
                gzip.compress(tar([(tarfile.TarInfo(n), d) for n, d in clean]))
            )
        elif chance < 0.75:
            suffix, data = self._archive(rng, self._members(rng))
            if rng.random() < 0.2:
                inner = [(f"inner{suffix}", data), *self._members(rng)]
                suffix, data = self._archive(rng, inner)
            wrong = rng.choice((".zip", ".tar", ".tgz")) if rng.random() < 0.05 else suffix
            (manual / f"x{wrong}").write_bytes(data)
        if chance > 0.65:
            self._folder(rng, manual)
        whole = rng.random() < 0.15
        (folder / CASE).write_text(json.dumps({"builder": whole, "clean": clean is not None}))

    def _folder(self, rng, manual: pathlib.Path) -> None:
        """Frames that lie unpacked, some of them no files at all."""
        for i, data in enumerate(self._frames, 1):
            path = manual / "yjf" / f"yjf-45_2-{i:03d}.png"
            path.parent.mkdir(exist_ok=True)
            form = rng.randrange(20)
            if form == 0:
                os.mkfifo(path)
            elif form == 1:
                path.mkdir()
            elif form == 2:
                path.symlink_to(rng.choice(("nowhere", "/dev/zero", "yjf-45_2-001.png", ".")))
            elif form == 3:
                path.write_bytes(b"")
            else:
                path.write_bytes(mutated(rng, data) if form < 8 else data)
        form = rng.randrange(12)
        if form == 0:
            (manual / "loop").symlink_to(manual)
        elif form == 1:
            os.mkfifo(manual / "pipe.tar")
        elif form == 2:
            (manual / "y.zip").symlink_to("/dev/zero")
        elif form == 3:
            (manual / "y.zip").mkdir()
        elif form == 4:
            (manual / os.fsdecode(b"\xff-00_1-001.png")).write_bytes(self._frames[0])
        elif form == 5:
            path = manual / os.fsdecode(b"\xff") / "yjf-90_2-001.png"
            path.parent.mkdir()
            path.write_bytes(self._frames[0])

    def read(self, folder):
        case = json.loads((folder / CASE).read_text())
        manual = folder / "manual"
        before = _listing(folder)
        (folder / "tmp").mkdir(exist_ok=True)
        tempfile.tempdir = str(folder / "tmp")
        try:
            result = self._build(folder) if case["builder"] else self._find(manual, case["clean"])
        finally:
            tempfile.tempdir = None
            after = _listing(folder)
            check(after == before, f"wrote {sorted(map(str, after ^ before))}")
            # A preparation that fails leaves an empty folder of TFDS's own.
            left = [p for p in (folder / "tmp").iterdir() if not p.name.endswith("tfds")]
            check(not left, "left temporary files")
        return result

    @staticmethod
    def _find(manual: pathlib.Path, clean: bool) -> str:
        account = Report(str(manual))
        naming = tfds_casia.CasiaA.NAMING
        with tempfile.TemporaryDirectory() as parts:
            spool = spool_into(pathlib.Path(parts), manual, naming)
            found = find_sequences(manual, naming, account, spool)
            size = sum(path.stat().st_size for path in pathlib.Path(parts).rglob("*"))
            check(size <= _MOST, "a bomb went off")
            frames = 0
            for name, place in found:
                numbers = []
                for number, _, data in place.files():
                    numbers.append(number)
                    try:
                        if data is not None:
                            png.to_grey_png(data)
                            frames += 1
                    except png.UnreadableFrameError:
                        pass
                check(numbers == sorted(numbers), f"{name.key} is out of order")
        json.dumps(account.as_metadata()).encode()
        account.log()
        check(not clean or (frames, account.as_metadata()["skipped"]) == (5, {}), "not read whole")
        return READ if frames else SKIPPED

    @staticmethod
    def _build(folder: pathlib.Path) -> str:
        builder = source.open_dataset("casia_a", str(folder / "data"), str(folder / "manual"))
        for example in builder.as_data_source("all"):
            check(len(example["frames"]) == len(example["frame_numbers"]) > 0, "no frames")
        return READ


def _listing(folder: pathlib.Path) -> set[pathlib.Path]:
    """All that lies in a folder, links not followed."""
    found = set()
    for where, folders, files in os.walk(folder):
        found |= {pathlib.Path(where, name).relative_to(folder) for name in (*folders, *files)}
    return {path for path in found if path.parts[0] not in Archives.made}
