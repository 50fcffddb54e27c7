"""Checks a frame's PNG file and brings it to the one form that is stored: 8-bit grey.

A strict reader of its own is used instead of an image library because those return what they could
read of a truncated file, with the rest black, and a half silhouette would pass for a whole one.
"""

import dataclasses
import struct
import zlib

import cv2
import numpy as np

MAX_FILE_BYTES = 16 * 2**20
MAX_PIXELS = 2**26

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PLAIN_GREY = (8, 0, 0, 0, 0)  # Bit depth, colour type, compression, filter, interlace.


class UnreadableFrameError(ValueError):
    """A file that is no image, or only a part of one."""


@dataclasses.dataclass(frozen=True)
class GreyPng:
    """A frame as it is stored.

    Attributes:
        data: a PNG file, one channel of 8 bits; the original bytes unless `reencoded`.
        reencoded: whether the original was of another form and had to be converted.
        black: whether every pixel is 0.
    """

    data: bytes
    reencoded: bool
    black: bool


def to_grey_png(data: bytes) -> GreyPng:
    """Returns an image file as an 8-bit single-channel PNG.

    Args:
        data: the contents of the file, in any format OpenCV reads.

    Returns:
        The same pixels; colour is turned to grey by luminance, 1-bit to the values 0 and 255, and
        transparency is dropped.

    Raises:
        UnreadableFrameError: if the file is empty, damaged, truncated, or larger than
            `MAX_FILE_BYTES` or `MAX_PIXELS`.
    """
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFrameError(f"larger than {MAX_FILE_BYTES} bytes")
    if data.startswith(_SIGNATURE):
        header, chunks = _read_chunks(data)
        width, height = header[:2]
        if not 0 < width * height <= MAX_PIXELS:
            raise UnreadableFrameError(f"a size of {width} x {height} pixels")
        # A tRNS chunk would make decoders add an alpha channel to a grey image.
        if header[2:] == _PLAIN_GREY and b"tRNS" not in chunks:
            rows = _inflate_rows(chunks[b"IDAT"], width, height)
            # Whatever the row filters, an image is black exactly if all filtered bytes are zero:
            # the first non-zero one is predicted from zeros only.
            return GreyPng(data, reencoded=False, black=not rows[:, 1:].any())
    return _reencode(data)


def _read_chunks(data: bytes) -> tuple[tuple[int, ...], dict[bytes, bytes]]:
    """Returns the header's fields and the chunks by type, parts of one type joined."""
    parts: dict[bytes, list[bytes]] = {}
    position = len(_SIGNATURE)
    while b"IEND" not in parts:
        # Length, type and checksum take 12 bytes beside the contents.
        if position + 12 > len(data):
            raise UnreadableFrameError("truncated")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise UnreadableFrameError("truncated")
        if zlib.crc32(data[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise UnreadableFrameError("a wrong checksum")
        parts.setdefault(kind, []).append(data[position + 8 : end])
        position = end + 4
    chunks = {kind: b"".join(pieces) for kind, pieces in parts.items()}
    if len(chunks.get(b"IHDR", b"")) != 13 or b"IDAT" not in chunks:
        raise UnreadableFrameError("no header or no pixels")
    return struct.unpack(">IIBBBBB", chunks[b"IHDR"]), chunks


def _inflate_rows(compressed: bytes, width: int, height: int) -> np.ndarray:
    """Returns the filtered rows, uint8 `[height, 1 + width]`, each led by its filter's number."""
    expected = height * (1 + width)
    inflater = zlib.decompressobj()
    try:
        # One byte more than expected, so that too long a stream is seen but never held.
        raw = inflater.decompress(compressed, expected + 1)
    except zlib.error as error:
        raise UnreadableFrameError(str(error)) from error
    if len(raw) != expected or not inflater.eof:
        raise UnreadableFrameError("too few or too many pixels")
    rows = np.frombuffer(raw, np.uint8).reshape(height, 1 + width)
    if rows[:, 0].max() > 4:
        raise UnreadableFrameError("an unknown row filter")
    return rows


def _reencode(data: bytes) -> GreyPng:
    """Returns any image file that OpenCV decodes as a grey PNG."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise UnreadableFrameError("not decodable") from error
    if image is None:
        raise UnreadableFrameError("not decodable")
    encoded = cv2.imencode(".png", image)[1].tobytes()
    return GreyPng(encoded, reencoded=True, black=not image.any())
