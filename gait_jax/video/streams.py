"""What of a file is the film, what its sound, where it breaks off, and which way up it is shown."""

import datetime
import math
import os
from fractions import Fraction

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.stream import Disposition

# Pictures that go with a film: covers, thumbnails.
_STILL = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image

# Containers whose header says how long the film is, whatever came of the rest.
_SAYS_LENGTH = frozenset({"matroska,webm", "flv", "asf"})


def film(container: av.container.InputContainer) -> av.VideoStream | None:
    """The stream that is the film, where others are a cover, a thumbnail or a preview.

    Of those that can be decoded and are no picture: among the ones at least half as long as the
    longest, the file's default, then the largest, then the first.

    Returns:
      None where there is none.
    """
    films = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & _STILL
    ]
    if not films:
        return None
    lengths = {stream.index: _length(stream) for stream in films}
    longest = max(lengths.values())
    return max(
        (stream for stream in films if lengths[stream.index] >= longest / 2),
        key=lambda stream: (
            # A single picture has no rate.
            bool(stream.average_rate),
            bool(stream.disposition & Disposition.default),
            stream.width * stream.height,
            -stream.index,
        ),
    )


def _length(stream: av.VideoStream) -> float:
    """Seconds that a stream lasts by itself; infinite where the file does not say."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    # As Matroska's writers give it: 00:00:04.520000000.
    text = stream.metadata.get("DURATION", "")
    try:
        found = datetime.time.fromisoformat(text[:15])
    except ValueError:
        return math.inf
    return found.hour * 3600 + found.minute * 60 + found.second + found.microsecond / 1e6


def sound(container: av.container.InputContainer) -> av.AudioStream | None:
    """The first sound track that can be decoded; None where there is none."""
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.sample_rate:
            return stream
    return None


def breaks_off(container: av.container.InputContainer, stream: av.VideoStream) -> Fraction | None:
    """Where a file ends before the film does, of those whose index lies at their beginning.

    Returns:
      Seconds, as time stamps count them, of the first frame that is not there as a whole; None of a
      whole file, and of one that does not say in advance where its frames lie.
    """
    if not container.format.name.startswith("mov,"):
        return None
    there = os.path.getsize(container.name.removeprefix("file:"))
    entries = list(stream.index_entries)
    missing = [entry.timestamp for entry in entries if entry.pos + entry.size > there]
    return min(missing) * stream.time_base if missing else None


def promised(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """Seconds that a file's header says that it lasts; None where it is told by its end."""
    if container.format.name == "avi":
        return float(stream.frames * stream.time_base) or None
    if container.format.name in _SAYS_LENGTH and container.duration:
        return container.duration / av.time_base
    return None


def upright(image: np.ndarray, frame: av.VideoFrame) -> np.ndarray:
    """Turns and mirrors a frame as the file says that it is shown.

    Args:
      image: [H, W, C] as it is stored.
      frame: what it was decoded from.

    Returns:
      [H, W, C] or [W, H, C], the same values.
    """
    across, along, turned = _display(frame)
    if turned:
        image = image.transpose(1, 0, 2)
    return np.ascontiguousarray(image[:: -1 if along else 1, :: -1 if across else 1])


def is_turned(frame: av.VideoFrame) -> bool:
    """Whether a frame's rows are shown as columns."""
    return _display(frame)[2]


def _display(frame: av.VideoFrame) -> tuple[bool, bool, bool]:
    """Whether a frame is mirrored left to right, top to bottom, and, before these, transposed."""
    data = frame.side_data.get(Type.DISPLAYMATRIX)
    if data is None:
        return False, False, False
    # A point (x, y) of the picture is shown at (a x + c y, b x + d y), up to a shift.
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return c < 0, b < 0, True
    return a < 0, d < 0, False
