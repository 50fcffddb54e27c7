"""From high dynamic range, or wide colour, to what every screen shows.

A film in PQ or HLG tells how bright a pixel is meant to be. Reference white is 203 cd/m² (ITU-R
BT.2408); light from four fifths of it on is pressed together, so that what is brighter than white
stays apart from it. Colours become those of BT.709.
"""

import functools

import av
import cv2
import numpy as np

PQ, HLG = "PQ", "HLG"
# FFmpeg's numbers for their curves, and for the colours of BT.2020.
_KINDS, _BT2020 = {16: PQ, 18: HLG}, 9

# cd/m²: reference white; the screen that HLG is shown on.
_WHITE, _HLG_PEAK = 203.0, 1000.0
# From here on, of reference white, light is pressed together.
_KNEE = 0.8
# BT.2020's red, green and blue in BT.709's (ITU-R BT.2087).
_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
_LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
# The largest value of 16 bits as FFmpeg makes them: 255 with eight zeros.
_LARGEST = 255 << 8
# How finely light is told apart, whose dark end needs it.
_LIGHTS = 1 << 16


def kind(frame: av.VideoFrame) -> str | None:
    """`PQ`, `HLG`, or None of an ordinary film."""
    return _KINDS.get(frame.color_trc)


def is_wide(frame: av.VideoFrame) -> bool:
    """Whether a frame's red, green and blue are those of BT.2020."""
    return frame.color_primaries == _BT2020


def to_sdr(signal: np.ndarray, kind: str | None) -> np.ndarray:
    """A picture for ordinary screens.

    Args:
      signal: [H, W, 3] uint16 red, green, blue of BT.2020 as they are stored, 65280 the largest.
      kind: see `kind`; None for BT.2020 of ordinary range.

    Returns:
      [H, W, 3] uint8 blue, green, red of BT.709.
    """
    light = _light(kind)[signal]
    if kind == HLG:
        # The screen's own curve goes by how bright a pixel is as a whole.
        bright = cv2.transform(light, _LUMINANCE)
        light *= (_HLG_PEAK / _WHITE * np.maximum(bright, 1e-6) ** 0.2)[..., None]
    light = np.maximum(cv2.transform(light, _TO_BT709), 0)
    if kind:
        most = light.max(axis=2, keepdims=True)
        above = np.maximum(most - _KNEE, 0)
        room = 1 - _KNEE
        pressed = np.minimum(most, _KNEE) + room * (1 - np.exp(-above / room))
        light *= pressed / np.maximum(most, 1e-6)
    shown = np.clip(light * (_LIGHTS - 1) + 0.5, 0, _LIGHTS - 1).astype(np.uint16)
    return np.ascontiguousarray(_shown()[shown][..., ::-1])


@functools.cache
def _light(kind: str | None) -> np.ndarray:
    """Light by stored value [65536]: 1 is reference white; of HLG, the scene's, 1 its largest."""
    stored = np.minimum(np.arange(1 << 16) / _LARGEST, 1)
    if kind == PQ:  # SMPTE ST 2084
        root = stored ** (32 / 2523)
        part = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return (10_000 / _WHITE * part ** (8192 / 1305)).astype(np.float32)
    if kind == HLG:  # ITU-R BT.2100
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(stored <= 0.5, stored**2 / 3, (np.exp((stored - c) / a) + b) / 12).astype(
            np.float32
        )
    return (stored**2.4).astype(np.float32)  # ITU-R BT.1886


@functools.cache
def _shown() -> np.ndarray:
    """Stored values [65536] uint8 by light, the last one being white."""
    return np.rint(255 * np.linspace(0, 1, _LIGHTS) ** (1 / 2.4)).astype(np.uint8)
