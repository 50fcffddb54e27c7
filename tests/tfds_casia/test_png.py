import struct
import zlib

import cv2
import numpy as np
import pytest

from tfds_casia import png


def _chunk(kind: bytes, contents: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + contents))
    return struct.pack(">I", len(contents)) + kind + contents + checksum


def _png(width, height, depth, colour, rows: bytes, *extra: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), *extra, _chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + _chunk(b"IEND", b"")


def _pixels(data: bytes) -> list:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.dtype == np.uint8
    return image.tolist()


def test_plain_grey_passes_unchanged(silhouette, silhouette_png):
    original = silhouette_png(3)
    result = png.to_grey_png(original)
    assert result == png.GreyPng(original, reencoded=False, black=False)
    assert _pixels(result.data) == silhouette(3).tolist()


def test_every_row_filter_and_split_pixel_data_pass(silhouette):
    for row_filter in (cv2.IMWRITE_PNG_FILTER_SUB, cv2.IMWRITE_PNG_FILTER_PAETH):
        data = cv2.imencode(".png", silhouette(1), [cv2.IMWRITE_PNG_FILTER, row_filter])[1]
        assert not png.to_grey_png(data.tobytes()).reencoded
    pixels = zlib.compress(b"\0\0\xff\0\xff\0")
    parts = _chunk(b"IDAT", pixels[:5]) + _chunk(b"IDAT", pixels[5:])
    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + parts + _chunk(b"IEND", b"")
    assert png.to_grey_png(data) == png.GreyPng(data, reencoded=False, black=False)
    assert _pixels(data) == [[0, 255], [255, 0]]


def test_black_is_told_whatever_the_filters():
    # Filters 0 to 4 over zeros are all zeros; one single grey level of 1 is not black.
    rows = b"".join(bytes([row_filter, 0, 0]) for row_filter in range(5))
    assert png.to_grey_png(_png(2, 5, 8, 0, rows)).black
    assert not png.to_grey_png(_png(2, 1, 8, 0, b"\1\0\1")).black
    assert png.to_grey_png(_png(2, 1, 8, 2, bytes(7))).black


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (_png(3, 1, 1, 0, b"\0\xa0"), [[255, 0, 255]]),
        (_png(2, 1, 16, 0, b"\0\xff\xff\0\0"), [[255, 0]]),
        (_png(2, 1, 8, 2, b"\0\xff\xff\xff\0\0\0"), [[255, 0]]),
        # Luminance: 0.299 of full red is 76.
        (_png(1, 1, 8, 2, b"\0\xff\0\0"), [[76]]),
        (_png(2, 1, 8, 3, b"\0\1\0", _chunk(b"PLTE", b"\0\0\0\xff\xff\xff")), [[255, 0]]),
        (_png(2, 1, 8, 0, b"\0\xff\0", _chunk(b"tRNS", b"\0\0")), [[255, 0]]),
    ],
    ids=["1-bit", "16-bit", "white on black in colour", "red", "palette", "transparent"],
)
def test_other_forms_become_grey(data, expected):
    result = png.to_grey_png(data)
    assert result.reencoded
    assert _pixels(result.data) == expected
    assert png.to_grey_png(result.data).data == result.data


def test_other_formats_become_grey(silhouette):
    bitmap = cv2.imencode(".bmp", silhouette(5))[1].tobytes()
    assert _pixels(png.to_grey_png(bitmap).data) == silhouette(5).tolist()


def test_every_truncation_is_refused(silhouette_png):
    data = silhouette_png(2)
    for length in range(len(data)):
        with pytest.raises(png.UnreadableFrameError):
            png.to_grey_png(data[:length])


def test_every_changed_byte_is_refused(silhouette_png):
    data = silhouette_png(2)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x40
        with pytest.raises(png.UnreadableFrameError):
            png.to_grey_png(bytes(damaged))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not an image", "not decodable"),
        (_png(0, 1, 8, 0, b"\0"), "0 x 1 pixels"),
        (_png(2**20, 2**20, 8, 0, b""), "1048576 x 1048576 pixels"),
        (_png(2, 2, 8, 0, bytes(5)), "too few or too many"),
        (_png(2, 2, 8, 0, bytes(7)), "too few or too many"),
        (_png(2, 1, 8, 0, b"\5\0\0"), "row filter"),
        (bytes(png.MAX_FILE_BYTES + 1), "larger than"),
        (b"\x89PNG\r\n\x1a\n" + _chunk(b"IEND", b""), "no header"),
    ],
)
def test_bad_files_are_refused(data, message):
    with pytest.raises(png.UnreadableFrameError, match=message):
        png.to_grey_png(data)
