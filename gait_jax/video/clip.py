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
from gait_jax.video import fields, light, planes, streams
from gait_jax.video.times import Times

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

# Seconds by which a whole file may end before its header says so, and the share by which a file's
# frame rate may be off before the one that was counted takes its place.
_LENGTH_OFF, _RATE_OFF = 0.5, 0.1


def open_file(path: pathlib.Path) -> av.container.InputContainer:
    """Opens a video file, and nothing but this file, whatever it holds or is called.

    Raises:
      OSError: it cannot be opened; among these, FFmpeg's own.
    """
    open_regular(path).close()
    # "12:30.mp4" alone would be a protocol named 12. Titles may be of any encoding.
    return av.open(
        f"file:{path}",
        options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"},
        metadata_errors="replace",
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
      tags: what the file, or players for want of it, say of its colours.
      dynamic_range: `light.PQ` or `light.HLG`, whose frames come as ordinary screens show them;
        None of an ordinary film.
      interlaced: whether it has frames of two fields, which come as whole ones.
      pixel_aspect: width over height of a pixel.
      frames_expected: how many frames the whole file says that it has; None where it does not say.
      film: the number of the stream in the file.
      sound: that of the sound track that can be taken over; None where there is none.
      has_audio: whether there is a sound track at all.
      whole: whether a file that breaks off is refused; otherwise the clip ends there.
    """

    path: pathlib.Path
    start: float
    end: float
    height: int
    width: int
    rate: Fraction
    time_base: Fraction
    bt709: bool
    tags: planes.Tags
    dynamic_range: str | None
    interlaced: bool
    pixel_aspect: Fraction
    frames_expected: int | None
    film: int
    sound: int | None
    has_audio: bool
    whole: bool = True

    @classmethod
    def open(cls, path: pathlib.Path, start: float = 0.0, end: float = math.inf) -> "Clip":
        """Looks into a file.

        Args:
          path: a video.
          start: seconds after its first frame.
          end: seconds after its first frame.

        Raises:
          InputError: it is no video that FFmpeg can read, has no frame, or breaks off before `end`.
        """
        try:
            with open_file(path) as container:
                stream = _film(container, path)
                first = next(container.decode(stream), None)
                if first is None:
                    raise InputError(f"{path} holds no frame: give another file")
                turned = streams.is_turned(first)
                size = (first.width, first.height) if turned else (first.height, first.width)
                aspect = Fraction(stream.sample_aspect_ratio or 1)
                rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
                tick = Fraction(stream.time_base)
                if stream.base_rate == rate and (1 / rate / tick).denominator > 1:
                    tick = 1 / rate / _SUBDIVISIONS
                broken = streams.breaks_off(container, stream)
                if broken is not None:
                    there = float(broken - (first.pts or 0) * first.time_base)
                    if there < end:
                        length = float((stream.duration or 0) * stream.time_base)
                        raise _broken_off(path, there, length)
                sound = streams.sound(container)
                return cls(
                    path=path,
                    start=start,
                    end=end,
                    height=size[0],
                    width=size[1],
                    rate=rate,
                    time_base=tick,
                    bt709=planes.is_bt709(first),
                    tags=planes.tags(first),
                    dynamic_range=light.kind(first),
                    interlaced=fields.is_interlaced(first),
                    pixel_aspect=1 / aspect if turned else aspect,
                    frames_expected=stream.frames or None,
                    film=stream.index,
                    sound=None if sound is None else sound.index,
                    has_audio=bool(container.streams.audio),
                )
        except (av.FFmpegError, OSError) as error:
            raise _unreadable(path, error) from None

    def all_there_is(self) -> "Clip":
        """The whole file, or as much of it as can be read where only a part of it is wanted."""
        return dataclasses.replace(self, start=0.0, end=math.inf, whole=self.end == math.inf)

    def counted(self, frames: int, last: int) -> "Clip":
        """The same clip with the frame rate that it has, where the file says another one.

        Args:
          frames: how many the whole file holds.
          last: time stamp of the last one.
        """
        if frames < 2:
            return self
        rate = Fraction((frames - 1) / (last * self.time_base)).limit_denominator(1001)
        if not rate or abs(rate / self.rate - 1) <= _RATE_OFF:
            return self
        return dataclasses.replace(self, rate=rate)

    def frames(self, wanted: Callable[[int], bool] = lambda index: True) -> Iterator[Frame]:
        """Decodes the clip's frames in the order in which they are shown.

        Args:
          wanted: says of a frame, counted from 0, whether its image is; each takes its time.

        Yields:
          Every frame; time stamps increase, also where the file's do not.

        Raises:
          InputError: the file is damaged or breaks off, or its frames change their size on the way.
        """
        count = 0
        try:
            with open_file(self.path) as container:
                tick = container.streams[self.film].time_base
                begin = None
                last = -1
                decoded = self._decoded(container)
                if self.interlaced:
                    decoded = fields.Weaver(container.streams[self.film])(decoded)
                for found, seconds, shown in decoded:
                    ticks = self._ticks(seconds, tick)
                    # As floats: 0.08 is meant to be two frames of 25 a second.
                    if float(ticks * self.time_base) < self.start:
                        continue
                    if float(ticks * self.time_base) >= self.end:
                        return
                    begin = ticks if begin is None else begin
                    last = max(ticks - begin, last + 1)
                    image = self._upright(found) if wanted(count) else None
                    yield Frame(image, last, self._ticks(shown, tick))
                    count += 1
        except (av.FFmpegError, OSError) as error:
            if self.whole or not count:
                raise _unreadable(self.path, error, count) from None

    def _decoded(
        self, container: av.container.InputContainer
    ) -> Iterator[tuple[av.VideoFrame, Fraction, Fraction]]:
        """The film's frames as they are stored, each with its time and duration in seconds."""
        stream = container.streams[self.film]
        stream.thread_type = "AUTO"
        times = Times(container, self.rate)
        reached = 0.0
        for packet in container.demux():
            if packet.dts is not None:
                end = (packet.dts + (packet.duration or 0)) * packet.time_base
                reached = max(reached, float(end))
            if packet.stream.index == self.film:
                for found in packet.decode():
                    yield found, times(found), times.duration(found)
        promised = streams.promised(container, stream)
        if self.whole and promised and reached < promised - _LENGTH_OFF:
            raise _broken_off(self.path, reached, promised)

    def _upright(self, found: av.VideoFrame) -> np.ndarray:
        image = streams.upright(planes.decode(found), found)
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
        frame = self.time_base * _SUBDIVISIONS
        frames = round(seconds / frame)
        if abs(seconds - frames * frame) <= given:
            return frames * _SUBDIVISIONS
        return round(seconds / self.time_base)


def _film(container: av.container.InputContainer, path: pathlib.Path) -> av.VideoStream:
    found = streams.film(container)
    if found is None:
        kind = "video that FFmpeg decodes" if container.streams.video else "video"
        raise InputError(f"{path} holds no {kind}: give another file")
    return found


def _unreadable(path: pathlib.Path, error: Exception, after: int = 0) -> InputError:
    where = f" after frame {after}" if after else ""
    return InputError(
        f"{path} cannot be read as a video{where} ({reason_of(error)}): repair or convert it"
    )


def _broken_off(path: pathlib.Path, after: float, promised: float) -> InputError:
    # Rounded down: what is named is there.
    part = math.floor(10 * after) / 10
    rest = f", or anonymise what is there with --end {part:g}" if part > 0 else ""
    return InputError(
        f"{path} breaks off after {after:.2f} of {promised:.2f} seconds: get the whole file{rest}"
    )
