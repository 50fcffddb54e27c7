"""Colour and stored planes, either way, without a shift of any channel."""

import dataclasses

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

from gait_jax.video import light

# FFmpeg's numbers for what is stored by BT.709, and for the ranges of values.
BT709, LIMITED_RANGE, _FULL_RANGE = 1, 1, 2
# Likewise for BT.601 of 625 lines and of 525, and for what no file says.
_BT601_625, _BT601_525, _UNSAID = 5, 6, (0, 2)
# The size from which on players take what says nothing for BT.709.
_HD = 1280, 720

# FFmpeg's default conversion loses up to three grey levels each way; with this it loses none on
# average.
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclasses.dataclass(frozen=True)
class Tags:
    """What a file says of its colours, by FFmpeg's numbers.

    Attributes:
      matrix: by which they are stored.
      primaries: what its red, green and blue are.
      transfer: how stored values become light.
    """

    matrix: int
    primaries: int
    transfer: int


# Of pictures that no film has: BT.601 of 525 lines.
STANDARD = Tags(_BT601_525, _BT601_525, _BT601_525)


def is_bt709(frame: av.VideoFrame) -> bool:
    """Whether a picture like this is stored by BT.709 again, rather than by BT.601."""
    return frame.colorspace == BT709 or bool(light.kind(frame)) or light.is_wide(frame)


def tags(frame: av.VideoFrame) -> Tags:
    """What the result of a film has to say of its colours, so that it looks as the film did.

    Args:
      frame: one of the film's.
    """
    if is_bt709(frame):
        matrix = BT709
    elif not frame.format.is_rgb and frame.colorspace not in _UNSAID:
        matrix = frame.colorspace
    elif _is_usual(frame) and (frame.width >= _HD[0] or frame.height >= _HD[1]):
        # Stored values go through as they are, and players guess.
        matrix = BT709
    else:
        matrix = _BT601_625 if frame.height in (288, 576) else _BT601_525
    primaries, transfer = {_BT601_625: (5, 6), _BT601_525: (6, 6)}.get(matrix, (1, 1))
    if not (light.kind(frame) or light.is_wide(frame)):
        primaries = primaries if frame.color_primaries in _UNSAID else frame.color_primaries
        transfer = transfer if frame.color_trc in _UNSAID else frame.color_trc
    return Tags(matrix, primaries, transfer)


def _is_usual(frame: av.VideoFrame) -> bool:
    """Whether a frame is stored as most are: 4:2:0 of limited range, not by BT.709."""
    usual = frame.colorspace != BT709 and frame.color_range != _FULL_RANGE
    return frame.format.name == "yuv420p" and usual


def decode(frame: av.VideoFrame) -> np.ndarray:
    """A frame's picture as it is stored, not turned: [H, W, 3] uint8 blue, green, red.

    What is of high dynamic range, or of BT.2020's colours, comes as ordinary screens show it.
    """
    if (kind := light.kind(frame)) or light.is_wide(frame):
        return light.to_sdr(frame.to_ndarray(format="rgb48le", interpolation=_EXACT), kind)
    even = not (frame.height % 2 or frame.width % 2)
    if _is_usual(frame) and even:
        # As exact and ten times as fast; but OpenCV knows this one layout only.
        return cv2.cvtColor(frame.to_ndarray(), cv2.COLOR_YUV2BGR_I420)
    return frame.to_ndarray(format="bgr24", interpolation=_EXACT)


def encode(image: np.ndarray, bt709: bool) -> av.VideoFrame:
    """A frame to be encoded in yuv420p.

    Args:
      image: [H, W, 3] uint8 blue, green, red, H and W even.
      bt709: whether to store it by BT.709 rather than BT.601.
    """
    if not bt709:
        return av.VideoFrame.from_ndarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), "yuv420p")
    frame = av.VideoFrame.from_ndarray(image, format="bgr24")
    return frame.reformat(format="yuv420p", dst_colorspace="itu709", interpolation=_EXACT)
