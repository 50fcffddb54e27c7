"""Colour and stored planes, either way, without a shift of any channel."""

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation

# FFmpeg's numbers for what is stored by BT.709, and for the full range of values.
BT709, _FULL_RANGE = 1, 2

# FFmpeg's default conversion loses up to three grey levels each way; with this it loses none on
# average.
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def decode(frame: av.VideoFrame) -> np.ndarray:
    """A frame's picture as it is stored, not turned: [H, W, 3] uint8 blue, green, red."""
    even = not (frame.height % 2 or frame.width % 2)
    usual = frame.colorspace != BT709 and frame.color_range != _FULL_RANGE
    if frame.format.name == "yuv420p" and usual and even:
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
