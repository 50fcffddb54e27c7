"""A clip's sound, for a file that is written."""

from collections.abc import Iterator

import av

from gait_jax.video import times
from gait_jax.video.clip import Clip, open_file

# Sound that an MP4 file holds as it is; any other is coded anew.
_COPIED = frozenset({"aac", "ac3", "alac", "eac3", "mp3", "opus"})

# Seconds: sound that begins so much earlier than it has come to is another recording's.
_JOINED = 0.5


def packets(clip: Clip, out: av.container.OutputContainer) -> Iterator[tuple[float, av.Packet]]:
    """The clip's sound as packets of a file, in which it gets a stream.

    Args:
      clip: with a sound track.
      out: the file.

    Returns:
      Packets, each with its time in seconds; they are read while they are taken.

    Raises:
      OSError, av.FFmpegError: the file cannot be read, now or while packets are taken.
    """
    source = open_file(clip.path)
    stream = source.streams[clip.sound]
    copied = stream.codec_context.name in _COPIED
    if copied:
        target = out.add_stream_from_template(stream)
    else:
        target = out.add_stream("aac", rate=stream.codec_context.sample_rate)
    video = source.streams[clip.film]
    # Pictures are counted from the clip's first one; sound that lies before it is left out.
    first = float((video.start_time or 0) * video.time_base) + clip.start
    return _packets(clip, source, stream, target, round(first / stream.time_base))


def _packets(
    clip: Clip,
    source: av.container.InputContainer,
    stream: av.AudioStream,
    target: av.AudioStream,
    offset: int,
) -> Iterator[tuple[float, av.Packet]]:
    copied = stream.codec_context.name in _COPIED
    may_leap = source.format.name in times.JOINED
    end = None
    with source:
        for packet in source.demux(stream):
            if packet.pts is None:
                continue
            leap = 0.0 if end is None else float((packet.pts - end) * stream.time_base)
            if leap < -_JOINED or (may_leap and leap > times.LONGEST_GAP[0]):
                # Pictures go on where the recording before ended, and so does the sound.
                offset += packet.pts - end
            end = packet.pts + (packet.duration or 0)
            seconds = float((packet.pts - offset) * stream.time_base)
            if seconds < 0 or seconds >= clip.end - clip.start:
                continue
            if copied:
                packet.pts -= offset
                packet.dts = packet.pts
                packet.stream = target
                yield seconds, packet
                continue
            for frame in packet.decode():
                frame.pts -= offset
                for encoded in target.encode(frame):
                    yield seconds, encoded
        if not copied:
            for encoded in target.encode(None):
                yield 0.0, encoded
