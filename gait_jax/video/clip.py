"""A video file, read frame by frame."""

import dataclasses
import math
import pathlib
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import open_regular, reason_of
from gait_jax.video import planes

# What FFmpeg is asked to open when a folder is given.
SUFFIXES = frozenset(
    f".{name}" for name in "avi m2ts m4v mkv mov mp4 mpeg mpg mts ogv ts webm wmv".split()
)

# FFmpeg's readers of videos. It has others, which take a text for a list of files to read, or a
# picture for a video.
_FORMATS = (
    "3g2,3gp,asf,avi,dv,flv,gif,h264,hevc,ivf,m4a,m4v,matroska,mj2,mjpeg,mov,mp4,mpeg,mpegts,"
    "mpegvideo,mxf,nut,ogg,rm,vc1,webm,yuv4mpegpipe"
)

# Where a file's ticks cannot express its frame rate (30000/1001 in milliseconds), a frame is
# divided into so many ticks of our own, and time stamps within rounding of a whole frame are put
# there.
_SUBDIVISIONS = 64


def open_file(path: pathlib.Path) -> av.container.InputContainer:
    """Opens a video file, and nothing but this file, whatever it holds or is called.

    Raises:
      OSError: it cannot be opened; among these, FFmpeg's own.
    """
    open_regular(path).close()
    # "12:30.mp4" alone would be a protocol named 12.
    return av.open(
        f"file:{path}", options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    )


@dataclasses.dataclass(frozen=True)
class Frame:
    """One picture and when it is shown.

    Attributes:
      image: [H, W, 3] uint8 blue, green, red, upright; None where it was not wanted.
      pts: when it is shown, in the clip's time base, counted from the clip's first frame.
      duration: how long, in the clip's time base; 0 where the file does not say.
    """

    image: np.ndarray | None
    pts: int
    duration: int


@dataclasses.dataclass(frozen=True)
class Clip:
    """A video file, or a part of it.

    Attributes:
      path: the file.
      start: seconds after its first frame at which the clip begins.
      end: seconds after its first frame before which the clip ends; infinite for all of it.
      height: rows of an upright frame.
      width: columns of an upright frame.
      rate: frames a second, on average.
      time_base: seconds that a tick of the time stamps lasts.
      bt709: whether colours are stored by BT.709 rather than BT.601.
      pixel_aspect: width over height of a pixel.
      frames_expected: how many frames the whole file says that it has; None where it does not say.
      has_audio: whether there is a sound track.
    """

    path: pathlib.Path
    start: float
    end: float
    height: int
    width: int
    rate: Fraction
    time_base: Fraction
    bt709: bool
    pixel_aspect: Fraction
    frames_expected: int | None
    has_audio: bool

    @classmethod
    def open(cls, path: pathlib.Path, start: float = 0.0, end: float = math.inf) -> "Clip":
        """Looks into a file.

        Args:
          path: a video.
          start: seconds after its first frame.
          end: seconds after its first frame.

        Raises:
          InputError: it is no video that FFmpeg can read, or has no frame.
        """
        try:
            with open_file(path) as container:
                stream = _video_stream(container, path)
                first = next(container.decode(stream), None)
                if first is None:
                    raise InputError(f"{path} holds no frame: give another file")
                turned = first.rotation % 180 == 90
                size = (first.width, first.height) if turned else (first.height, first.width)
                aspect = Fraction(stream.sample_aspect_ratio or 1)
                rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
                tick = Fraction(stream.time_base)
                if stream.base_rate == rate and (1 / rate / tick).denominator > 1:
                    tick = 1 / rate / _SUBDIVISIONS
                return cls(
                    path=path,
                    start=start,
                    end=end,
                    height=size[0],
                    width=size[1],
                    rate=rate,
                    time_base=tick,
                    bt709=first.colorspace == planes.BT709,
                    pixel_aspect=1 / aspect if turned else aspect,
                    frames_expected=stream.frames or None,
                    has_audio=bool(container.streams.audio),
                )
        except (av.FFmpegError, OSError) as error:
            raise _unreadable(path, error) from None

    def frames(self, wanted: Callable[[int], bool] = lambda index: True) -> Iterator[Frame]:
        """Decodes the clip's frames in order.

        Args:
          wanted: says of a frame, counted from 0, whether its image is; each takes its time.

        Yields:
          Every frame; time stamps increase, also where the file's do not.

        Raises:
          InputError: the file is damaged, or its frames change their size on the way.
        """
        count = 0
        try:
            with open_file(self.path) as container:
                stream = _video_stream(container, self.path)
                stream.thread_type = "AUTO"
                origin = begin = None
                last = -1
                for index, found in enumerate(container.decode(stream)):
                    if found.pts is None:
                        seconds = (origin or 0) + index / self.rate
                    else:
                        seconds = found.pts * stream.time_base
                    origin = seconds if origin is None else origin
                    ticks = self._ticks(seconds - origin, stream.time_base)
                    # As floats: 0.08 is meant to be two frames of 25 a second.
                    if float(ticks * self.time_base) < self.start:
                        continue
                    if float(ticks * self.time_base) >= self.end:
                        return
                    begin = ticks if begin is None else begin
                    last = max(ticks - begin, last + 1)
                    image = self._upright(found) if wanted(count) else None
                    shown = (found.duration or 0) * stream.time_base
                    duration = self._ticks(shown, stream.time_base)
                    yield Frame(image, last, duration)
                    count += 1
        except (av.FFmpegError, OSError) as error:
            raise _unreadable(self.path, error, count) from None

    def _upright(self, found: av.VideoFrame) -> np.ndarray:
        image = np.ascontiguousarray(np.rot90(planes.decode(found), found.rotation // 90))
        if image.shape[:2] != (self.height, self.width):
            raise InputError(
                f"{self.path} changes its size on the way: cut it there, and give the parts one by "
                "one"
            )
        return image

    def _ticks(self, seconds: Fraction, given: Fraction) -> int:
        """A time in the clip's time base; the file counts in ticks of `given` seconds."""
        if self.time_base == given:
            return round(seconds / given)
        frames = round(seconds * self.rate)
        if abs(seconds - frames / self.rate) <= given:
            return frames * _SUBDIVISIONS
        return round(seconds / self.time_base)


def _video_stream(container: av.container.InputContainer, path: pathlib.Path):
    if not container.streams.video:
        raise InputError(f"{path} holds no video: give another file")
    return container.streams.video[0]


def _unreadable(path: pathlib.Path, error: Exception, after: int = 0) -> InputError:
    where = f" after frame {after}" if after else ""
    return InputError(
        f"{path} cannot be read as a video{where} ({reason_of(error)}): repair or convert it"
    )
