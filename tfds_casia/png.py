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
# Chunks beside which an image is stored as it is. Of others, tRNS would make decoders add an alpha
# channel, acTL an animation, and some refuse what they find in eXIf.
_WITHOUT_EFFECT = frozenset(
    (b"IHDR", b"IDAT", b"IEND", b"tEXt", b"tIME", b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"bKGD")
)
# Bit depths and channels by colour type: grey, colour, palette, grey with alpha, colour with alpha.
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# First row, first column, row step and column step of the passes of an interlaced image.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1))  # fmt: skip


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
        rows = _inflate_rows(chunks[b"IDAT"], header)
        if header[2:] == _PLAIN_GREY and chunks.keys() <= _WITHOUT_EFFECT:
            # Whatever the row filters, an image is black exactly if all filtered bytes are zero:
            # the first non-zero one is predicted from zeros only.
            return GreyPng(data, reencoded=False, black=not rows[0][:, 1:].any())
    return _reencode(data)


def check(data: bytes) -> None:
    """Refuses what is not the whole of an image file.

    Args:
        data: the contents of the file; nothing is said of other formats than PNG.

    Raises:
        UnreadableFrameError: a PNG is damaged, truncated, or larger than `MAX_PIXELS`.
    """
    if data.startswith(_SIGNATURE):
        header, chunks = _read_chunks(data)
        _inflate_rows(chunks[b"IDAT"], header)


def _read_chunks(data: bytes) -> tuple[tuple[int, ...], dict[bytes, bytes]]:
    """Returns the header's fields and the chunks by type, parts of one type joined."""
    parts: dict[bytes, list[bytes]] = {}
    position, before = len(_SIGNATURE), b""
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
        # Pixels that do not lie together, and headers behind them, are read differently by
        # different decoders.
        if not parts and kind != b"IHDR":
            raise UnreadableFrameError("no header")
        if kind in parts and (kind == b"IHDR" or kind == b"IDAT" != before):
            raise UnreadableFrameError("chunks out of order")
        parts.setdefault(kind, []).append(data[position + 8 : end])
        position, before = end + 4, kind
    chunks = {kind: b"".join(pieces) for kind, pieces in parts.items()}
    if len(chunks.get(b"IHDR", b"")) != 13 or b"IDAT" not in chunks:
        raise UnreadableFrameError("a wrong header or no pixels")
    return struct.unpack(">IIBBBBB", chunks[b"IHDR"]), chunks


def _inflate_rows(compressed: bytes, header: tuple[int, ...]) -> list[np.ndarray]:
    """Returns the filtered rows, each led by its filter's number, of every pass.

    Args:
        compressed: the pixels' chunks.
        header: width, height, bit depth, colour type, compression, filter, interlace.

    Returns:
        Arrays of bytes, uint8 `[rows, 1 + bytes a row]`, one or, of an interlaced image, up to
        seven.
    """
    width, height, depth, colour, compression, filtering, interlace = header
    if not 0 < width * height <= MAX_PIXELS:
        raise UnreadableFrameError(f"a size of {width} x {height} pixels")
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise UnreadableFrameError("an unknown form of pixels")
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    # Of a pass that starts beyond the image's edge, nothing is stored.
    sizes = [(-(-(height - r) // dr), -(-(width - c) // dc)) for r, c, dr, dc in passes]
    sizes = [
        (rows, 1 + (columns * _CHANNELS[colour] * depth + 7) // 8)
        for rows, columns in sizes
        if rows > 0 and columns > 0
    ]
    expected = sum(rows * row for rows, row in sizes)
    inflater = zlib.decompressobj()
    try:
        # One byte more than expected, so that too long a stream is seen but never held.
        raw = inflater.decompress(compressed, expected + 1)
    except zlib.error as error:
        raise UnreadableFrameError(str(error)) from error
    if len(raw) != expected or not inflater.eof:
        raise UnreadableFrameError("too few or too many pixels")
    found, start = [], 0
    for rows, row in sizes:
        one = np.frombuffer(raw, np.uint8, rows * row, start).reshape(rows, row)
        if one[:, 0].max() > 4:
            raise UnreadableFrameError("an unknown row filter")
        found.append(one)
        start += rows * row
    return found


def _reencode(data: bytes) -> GreyPng:
    """Returns any image file that OpenCV decodes as a grey PNG."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise UnreadableFrameError("not decodable") from error
    if image is None or image.size > MAX_PIXELS:
        raise UnreadableFrameError("not decodable")
    encoded = cv2.imencode(".png", image)[1].tobytes()
    return GreyPng(encoded, reencoded=True, black=not image.any())
