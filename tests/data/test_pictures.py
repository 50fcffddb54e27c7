import struct
import zlib

import cv2
import numpy as np
import pytest

from gait_jax.data.pictures import read_mask
from gait_jax.runtime.errors import InputError

BODY = np.zeros((8, 10), np.uint8)
BODY[2:6, 3:5] = 1


def palette(path, indices, colours):
    """Writes a PNG of a palette, as programs for labels do."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width = indices.shape
    rows = b"".join(b"\0" + row.tobytes() for row in indices)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", bytes(sum(colours, ())))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "image",
    [
        BODY,
        255 * BODY,
        15 * BODY,
        BODY.astype(np.uint16),
        2 * BODY.astype(np.uint16),
        65535 * BODY.astype(np.uint16),
        BODY[..., None] * np.array((255, 255, 255), np.uint8),
        BODY[..., None] * np.array((0, 0, 128), np.uint8),
    ],
)
def test_masks_of_every_kind(tmp_path, image):
    cv2.imwrite(str(tmp_path / "a.png"), image)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), BODY)


def test_masks_of_a_palette(tmp_path):
    two = BODY + BODY * (np.arange(10) > 3).astype(np.uint8)
    palette(tmp_path / "a.png", two, [(0, 0, 0), (128, 0, 0), (0, 0, 90)])
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), BODY)
    # Black and white, in any order of the palette.
    palette(tmp_path / "a.png", BODY, [(255, 255, 255), (0, 0, 0)])
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), 1 - BODY)


def test_shades_are_no_labels(tmp_path):
    shaded = np.linspace(0, 255, 80).astype(np.uint8).reshape(8, 10)
    cv2.imwrite(str(tmp_path / "a.png"), shaded)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), shaded > 127)
    # A picture of chances in which nobody is.
    faint = np.arange(80, dtype=np.uint8).reshape(8, 10) // 2
    cv2.imwrite(str(tmp_path / "a.png"), faint)
    assert not read_mask(tmp_path / "a.png").any()


def test_what_is_no_mask(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tiff"), BODY.astype(np.float32))
    with pytest.raises(InputError, match="a.tiff is no picture of 8 or 16 bits"):
        read_mask(tmp_path / "a.tiff")
