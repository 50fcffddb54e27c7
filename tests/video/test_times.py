"""Times and order of frames where a file's own say something else."""

from fractions import Fraction

import av
import numpy as np
import pytest
from clips import write_video

from gait_jax.video.clip import Clip
from gait_jax.video.writer import VideoWriter

_COUNT = 30


@pytest.fixture(scope="module")
def frames():
    """Frames that tell their number by their grey level, from 20 in steps of 7."""
    return [np.full((32, 48, 3), 20 + 7 * i, np.uint8) for i in range(_COUNT)]


def order(found):
    """The numbers of frames as their grey levels tell them."""
    return [round((float(frame.image.mean()) - 20) / 7) for frame in found]


def reordered(path, frames, rate=25):
    """Writes H.264 whose decoder needs later pictures first."""
    with av.open(str(path), "w") as container:
        options = {"bf": "3", "b-adapt": "0", "x264-params": "scenecut=0", "crf": "10"}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def test_pictures_that_are_decoded_before_others_come_in_order(tmp_path, frames):
    for kind in ("mp4", "avi"):
        clip = Clip.open(reordered(tmp_path / f"a.{kind}", frames))
        found = list(clip.frames())
        assert order(found) == list(range(_COUNT)), kind
        times = [frame.pts * clip.time_base for frame in found]
        assert times == [Fraction(i, 25) for i in range(_COUNT)], kind
        # AVI counts twice as many, some of them empty: 25 a second is what there are.
        assert clip.counted(_COUNT, found[-1].pts).rate == 25, kind
        with VideoWriter(tmp_path / "b.mp4", clip) as writer:
            for frame in found:
                writer.write(frame.image, frame.pts, frame.duration)
        written = list(Clip.open(tmp_path / "b.mp4").frames())
        assert [frame.pts * Fraction(1, 12800) for frame in written] == times, kind


def joined(path, parts):
    """Writes two transport streams one behind the other, as `cat` does: their times begin anew."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def test_joined_recordings_go_on_where_the_first_one_ended(tmp_path, frames):
    halves = [
        write_video(tmp_path / f"{i}.ts", part, audio="aac")
        for i, part in enumerate((frames[:15], frames[15:]))
    ]
    for parts in (halves, halves[::-1]):
        clip = Clip.open(joined(tmp_path / "a.ts", parts))
        found = list(clip.frames())
        assert sorted(order(found)) == list(range(_COUNT))
        times = [frame.pts * clip.time_base for frame in found]
        assert times == [Fraction(i, 25) for i in range(_COUNT)]
        with VideoWriter(tmp_path / "b.mp4", clip, keep_audio=True) as writer:
            for frame in found:
                writer.write(frame.image, frame.pts, frame.duration)
        with av.open(str(tmp_path / "b.mp4")) as container:
            (sound,) = container.streams.audio
            # 1.2 seconds, and what the encoder put round each half.
            assert 1.15 < sound.duration * sound.time_base < 1.35


@pytest.mark.parametrize(
    ("pts", "expected"),
    [
        # Set back in the middle, and leaping by an hour where two recordings were joined.
        ([0, 40, 80, 0, 40, 80], [0, 40, 80, 120, 160, 200]),
        ([0, 40, 80, 3600000, 3600040, 3600080], [0, 40, 80, 120, 160, 200]),
        # A camera that was paused for some seconds.
        ([0, 40, 80, 5000, 5040, 5080], [0, 40, 80, 5000, 5040, 5080]),
    ],
)
def test_times_that_leap(pts, expected):
    from gait_jax.video.times import Times

    class Container:
        class format:  # noqa: N801
            name = "mpegts"

    class Frame:
        def __init__(self, pts):
            self.pts, self.dts, self.time_base = pts, pts, Fraction(1, 1000)

    times = Times(Container, Fraction(25))
    assert [1000 * times(Frame(p)) for p in pts] == expected
