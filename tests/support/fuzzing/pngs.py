"""PNG files, valid ones of every form and damaged ones, with right and wrong checksums."""

import random
import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# First row, first column, row step, column step of Adam7's passes.
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1))  # fmt: skip
_SIZES = (0, 1, 2, 31, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def chunk(kind: bytes, contents: bytes) -> bytes:
    """A chunk with its checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + contents))
    return struct.pack(">I", len(contents)) + kind + contents + checksum


def _rows(samples: np.ndarray, depth: int) -> bytes:
    """Packs samples [H, W, C] into unfiltered rows."""
    height = len(samples)
    flat = samples.reshape(height, -1)
    if depth == 16:
        packed = flat.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        packed = flat.astype(np.uint8)
    else:
        bits = (flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    return np.pad(packed, ((0, 0), (1, 0))).tobytes()


def unusual(rng: random.Random, mask: np.ndarray) -> bytes:
    """A valid PNG, of whatever form, that shows a mask [H, W] of 0 and 255."""
    colour = rng.choice(tuple(_DEPTHS))
    depth = rng.choice(_DEPTHS[colour])
    most = 2**depth - 1
    white = np.where(mask[..., None] > 0, 1 if colour == 3 else most, 0)
    samples = np.repeat(white, _CHANNELS[colour], axis=2).astype(np.int64)
    if colour in (4, 6):
        samples[..., -1] = rng.randint(0, most)
    extra = b""
    if colour == 3:
        extra = chunk(b"PLTE", b"\0\0\0\xff\xff\xff" + b"\x80" * rng.choice((0, 3)) * (depth > 1))
    if rng.random() < 0.3 and colour == 0:
        extra += chunk(b"tRNS", struct.pack(">H", rng.choice((0, most))))
    if rng.random() < 0.3:
        extra += chunk(b"tEXt", b"Comment\0" + rng.randbytes(20))
    interlaced = rng.random() < 0.4
    if interlaced:
        parts = [samples[r::dr, c::dc] for r, c, dr, dc in _ADAM7]
        raw = b"".join(_rows(part, depth) for part in parts if part.size)
    else:
        raw = _rows(samples, depth)
    header = struct.pack(">IIBBBBB", *mask.shape[::-1], depth, colour, 0, 0, interlaced)
    pixels = zlib.compress(raw)
    cut = rng.randrange(len(pixels))
    idat = chunk(b"IDAT", pixels[:cut]) + chunk(b"IDAT", pixels[cut:])
    return SIGNATURE + chunk(b"IHDR", header) + extra + idat + chunk(b"IEND", b"")


def _bomb(rng: random.Random) -> bytes:
    """A small file that claims, or expands to, many pixels."""
    width, height = rng.choice(_SIZES), rng.choice(_SIZES)
    header = struct.pack(">IIBBBBB", width, height, rng.choice((1, 8, 16)), rng.choice((0, 2, 6)),
                         0, 0, rng.choice((0, 0, 1)))  # fmt: skip
    pixels = zlib.compress(bytes(rng.choice((0, 1000, 30_000_000))), 9)
    text = b""
    if rng.random() < 0.5:
        text = chunk(rng.choice((b"zTXt", b"iCCP")), b"x\0\0" + zlib.compress(bytes(50_000_000), 9))
    return SIGNATURE + chunk(b"IHDR", header) + text + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def rearranged(rng: random.Random, data: bytes) -> bytes:
    """A PNG with a chunk changed, doubled, moved, missing or new; all checksums are right."""
    chunks = _chunks(data)
    # What was damaged before may have none left.
    if rng.random() < 0.1 or not chunks:
        return _bomb(rng)
    at = rng.randrange(len(chunks))
    kind, contents = chunks[at]
    change = rng.randrange(6)
    if change == 0:
        del chunks[at]
    elif change == 1:
        chunks.insert(rng.randrange(len(chunks)), chunks[at])
    elif change == 2:
        rng.shuffle(chunks)
    elif change == 3:
        new = rng.choice((b"acTL", b"fcTL", b"fdAT", b"PLTE", b"tRNS", b"eXIf", b"gAMA", b"ABCD"))
        chunks.insert(rng.randrange(1, len(chunks)), (new, rng.randbytes(rng.choice((0, 8, 26)))))
    elif kind == b"IHDR" and len(contents) == 13:
        fields = list(struct.unpack(">IIBBBBB", contents))
        which = rng.randrange(7)
        fields[which] = rng.choice(_SIZES) if which < 2 else rng.choice((0, 1, 2, 3, 4, 8, 16, 255))
        chunks[at] = (kind, struct.pack(">IIBBBBB", *fields))
    elif contents:
        changed = bytearray(contents)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        if kind == b"IDAT" and rng.random() < 0.5:
            try:
                raw = bytearray(zlib.decompress(contents))
                raw[rng.randrange(len(raw))] = rng.randrange(256)
                changed = zlib.compress(bytes(raw)[: rng.choice((None, -1, len(raw) // 2))])
            except zlib.error:
                pass
        chunks[at] = (kind, bytes(changed))
    return SIGNATURE + b"".join(chunk(*one) for one in chunks)
