"""Writes a video that browsers play, timed as the clip that it was made from."""

import contextlib
import math
import pathlib
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import cv2
import numpy as np

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import replacing
from gait_jax.video import planes
from gait_jax.video.clip import Clip
from gait_jax.video.sound import packets


class VideoWriter:
    """An H.264 file of a clip's size, frame rate and times. Use as a context manager.

    The file appears under its name when the context is left without an exception, and not at all
    otherwise. H.264 with colour at half resolution has even sizes only: a clip of odd width or
    height gets its last column or row twice.
    """

    def __init__(self, path: pathlib.Path, clip: Clip, keep_audio: bool = False):
        """Opens the file.

        Args:
          path: its name, ending in `.mp4`.
          clip: what gives size, frame rate, time base, colour matrix and sound.
          keep_audio: whether to take the clip's sound over.

        Raises:
          InputError: the file cannot be written there.
        """
        self._path, self._clip, self._keep_audio = path, clip, keep_audio
        self._file = contextlib.ExitStack()
        partial = self._file.enter_context(replacing(path))
        try:
            # FFmpeg itself opens it only when the first frame comes.
            partial.touch()
        except OSError as error:
            reason = error.strerror
            raise InputError(f"{path} cannot be written ({reason}): choose another -o") from None
        self._container = av.open(
            f"file:{partial}", "w", format="mp4", options={"movflags": "+faststart"}
        )
        # Without frames that refer to later ones, the file's duration is the sum of its frames'.
        self._stream = self._container.add_stream(
            "libx264", rate=clip.rate, options={"preset": "veryfast", "crf": "18", "bf": "0"}
        )
        self._odd = clip.height % 2, clip.width % 2
        self._stream.height = clip.height + self._odd[0]
        self._stream.width = clip.width + self._odd[1]
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = clip.time_base
        context.sample_aspect_ratio = clip.pixel_aspect
        context.colorspace = clip.tags.matrix
        context.color_primaries = clip.tags.primaries
        context.color_trc = clip.tags.transfer
        context.color_range = planes.LIMITED_RANGE
        self._packets: Iterator[tuple[float, av.Packet]] = iter(())
        if keep_audio and clip.sound is not None:
            self._packets = packets(clip, self._container)
        self._durations: dict[int, int] = {}
        self._waiting: tuple[float, av.Packet] | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is not None:
            with contextlib.suppress(av.FFmpegError):
                self._container.close()
            self._file.__exit__(kind, error, trace)
            return
        with self._naming_errors(), self._file:
            self._mux_video(None)
            self._mux_audio(float("inf"))
            self._container.close()

    def write(self, image: np.ndarray, pts: int, duration: int) -> None:
        """Adds a frame.

        Args:
          image: [H, W, 3] uint8 blue, green, red.
          pts: when it is shown, in the clip's time base; more than the frame's before.
          duration: how long, in the clip's time base; 0 where it is not known.

        Raises:
          InputError: the file cannot be written on, or the sound cannot be read.
        """
        if any(self._odd):
            below, right = self._odd
            image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
        frame = planes.encode(image, self._clip.bt709)
        frame.pts, frame.time_base, frame.duration = pts, self._clip.time_base, duration
        self._durations[pts] = duration or round(1 / self._clip.rate / self._clip.time_base)
        with self._naming_errors():
            self._mux_video(frame)
            self._mux_audio(float(pts * self._clip.time_base))

    @contextlib.contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            sound = " or its sound cannot be read" if self._keep_audio else ""
            raise InputError(
                f"{self._path} cannot be written{sound} ({error}): look at the disk, and at the "
                "video"
            ) from None

    def _mux_video(self, frame: av.VideoFrame | None) -> None:
        """Encodes a frame, or what is left at the end."""
        for packet in self._stream.encode(frame):
            # x264 does not hand on how long a frame is shown, and the last one's would be lost.
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def _mux_audio(self, until: float) -> None:
        """Adds the sound up to a time in seconds, so that it lies beside its pictures."""
        while (found := self._waiting or next(self._packets, None)) is not None:
            self._waiting = found
            if found[0] > until:
                return
            self._container.mux(found[1])
            self._waiting = None


def write_pictures(path: pathlib.Path, pictures: Iterable[np.ndarray], rate: int) -> None:
    """Writes pictures as a video of their own.

    Args:
      path: its name, ending in `.mp4`; folders above it are made.
      pictures: red, green, blue [H, W, 3] uint8, all of one size; one at least.
      rate: of them a second.

    Raises:
      InputError: the file cannot be written there.
    """
    first, *others = pictures
    height, width = first.shape[:2]
    clip = Clip(
        path=path,
        start=0.0,
        end=math.inf,
        height=height,
        width=width,
        rate=Fraction(rate),
        time_base=Fraction(1, rate),
        bt709=False,
        tags=planes.STANDARD,
        dynamic_range=None,
        interlaced=False,
        pixel_aspect=Fraction(1),
        frames_expected=None,
        film=0,
        sound=None,
        has_audio=False,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, clip) as writer:
        for number, picture in enumerate([first, *others]):
            writer.write(np.ascontiguousarray(picture[..., ::-1]), number, 1)
