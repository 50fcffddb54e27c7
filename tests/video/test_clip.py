from fractions import Fraction

import av
import numpy as np
import pytest
from clips import draw_scene, read_video, walk_in, walking, write_video

from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import Clip
from gait_jax.video.writer import VideoWriter


@pytest.fixture(scope="module")
def frames():
    return walk_in(draw_scene(), walking(12))


def copy(source, target, keep_audio=False, **part):
    clip = Clip.open(source, **part)
    with VideoWriter(target, clip, keep_audio) as writer:
        for frame in clip.frames():
            writer.write(frame.image, frame.pts, frame.duration)
    return clip


def properties(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        sound = [s.codec_context.name for s in container.streams.audio]
        seconds = stream.duration * stream.time_base
        return stream.average_rate, stream.frames, seconds, stream.codec_context.name, sound


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), Fraction(10)])
def test_rate_count_duration_and_colours_come_out_as_they_went_in(tmp_path, frames, rate):
    source = write_video(tmp_path / "a.mp4", frames, rate)
    copy(source, tmp_path / "b.mp4")
    assert properties(tmp_path / "b.mp4") == (rate, 12, 12 / rate, "h264", [])
    before, after = read_video(source)[0], read_video(tmp_path / "b.mp4")[0]
    # No channel drifts, and the compression costs a grey level or two.
    difference = before.astype(int) - after
    assert np.abs(difference.mean((0, 1, 2))).max() < 0.3
    assert np.abs(difference).mean() < 3


def test_colours_stored_by_bt709_stay_as_they_are(tmp_path, frames):
    source = write_video(tmp_path / "a.mp4", frames, bt709=True)
    assert copy(source, tmp_path / "b.mp4").bt709
    assert Clip.open(tmp_path / "b.mp4").bt709
    after = read_video(tmp_path / "b.mp4")[0].astype(int)
    for one in (after - read_video(source)[0], after - np.array(frames)):
        assert np.abs(one.mean((0, 1, 2))).max() < 0.6


def test_a_rate_that_milliseconds_cannot_express_is_kept(tmp_path, frames):
    rate = Fraction(30000, 1001)
    copy(write_video(tmp_path / "a.mkv", frames, rate), tmp_path / "b.mp4")
    assert properties(tmp_path / "b.mp4")[:3] == (rate, 12, 12 / rate)


def test_frames_of_varying_duration_keep_their_times(tmp_path, frames):
    pts = [0, 40, 100, 133, 200, 240, 280, 400, 440, 500, 510, 700]
    source = write_video(tmp_path / "a.mp4", frames, pts=pts, tick=Fraction(1, 1000))
    copy(source, tmp_path / "b.mp4")
    times = read_video(tmp_path / "b.mp4")[1]
    assert times == [Fraction(t, 1000) for t in pts] == read_video(source)[1]
    assert properties(tmp_path / "b.mp4")[2] == properties(source)[2]


def test_another_codec_and_container(tmp_path, frames):
    source = write_video(tmp_path / "a.avi", frames, codec="mpeg4")
    clip = copy(source, tmp_path / "b.mp4")
    assert (clip.height, clip.width, clip.rate, clip.frames_expected) == (96, 140, 25, 12)
    assert properties(tmp_path / "b.mp4") == (25, 12, Fraction(12, 25), "h264", [])


def test_a_part_in_seconds(tmp_path, frames):
    source = write_video(tmp_path / "a.mp4", frames)
    copy(source, tmp_path / "b.mp4", start=0.08, end=0.28)  # frames 2 to 6
    part, times = read_video(tmp_path / "b.mp4")
    assert times == [Fraction(i, 25) for i in range(5)]
    assert np.abs(part.astype(int) - read_video(source)[0][2:7]).mean() < 3


def test_odd_sizes_get_their_last_row_and_column_twice(tmp_path, frames):
    odd = [np.ascontiguousarray(frame[:95, :139]) for frame in frames]
    source = tmp_path / "a.avi"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 95, 139, "bgr0"
        for image in odd:
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="bgr0")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = copy(source, tmp_path / "b.mp4")
    assert (clip.height, clip.width) == (95, 139)
    after = read_video(tmp_path / "b.mp4")[0]
    assert after.shape == (12, 96, 140, 3)
    assert np.abs(after[:, :95, :139].astype(int) - np.array(odd)).mean() < 3


@pytest.mark.parametrize(("codec", "ending"), [("aac", "mp4"), ("mp2", "mkv")])
def test_sound_is_left_out_unless_asked_for(tmp_path, frames, codec, ending):
    source = write_video(tmp_path / f"a.{ending}", frames, audio=codec)
    copy(source, tmp_path / "without.mp4")
    copy(source, tmp_path / "with.mp4", keep_audio=True)
    assert properties(tmp_path / "without.mp4")[4] == []
    assert properties(tmp_path / "with.mp4")[4] == ["aac"]
    with av.open(str(tmp_path / "with.mp4")) as container:
        stream = container.streams.audio[0]
        assert 0.45 < stream.duration * stream.time_base < 0.55


def test_a_turned_phone_gives_upright_frames(tmp_path, frames):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 96, 140, "yuv420p"
        stream.set_display_rotation(90)
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    clip = Clip.open(path)
    assert (clip.height, clip.width) == (140, 96)
    first = next(clip.frames()).image
    # Turned anticlockwise, the wall above lies to the left.
    assert np.abs(first.astype(int) - np.rot90(frames[0])).mean() < 8


def test_frames_whose_image_is_not_wanted_are_counted(tmp_path, frames):
    clip = Clip.open(write_video(tmp_path / "a.mp4", frames))
    found = list(clip.frames(lambda index: index == 3))
    assert [frame.image is not None for frame in found] == [index == 3 for index in range(12)]


def test_what_fails_leaves_no_file(tmp_path, frames):
    clip = Clip.open(write_video(tmp_path / "a.mp4", frames))
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "b.mp4", clip) as writer:
        writer.write(frames[0], 0, 0)
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_full_disk_is_said_in_one_line(tmp_path, frames, monkeypatch):
    clip = Clip.open(write_video(tmp_path / "a.mp4", frames))

    def full(self, frame):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(VideoWriter, "_mux_video", full)
    with pytest.raises(InputError, match="b.mp4 cannot be written .*No space left"):
        with VideoWriter(tmp_path / "b.mp4", clip) as writer:
            writer.write(frames[0], 0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_files_that_are_no_videos_are_refused(tmp_path, frames):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"text.mp4 cannot be read as a video \("):
        Clip.open(tmp_path / "text.mp4")
    with pytest.raises(InputError, match=r"none.mp4 cannot be read as a video \(No such file"):
        Clip.open(tmp_path / "none.mp4")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 4096), np.float32), "fltp", "stereo")
        silence.rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    with pytest.raises(InputError, match="sound.mp4 holds no video"):
        Clip.open(tmp_path / "sound.mp4")
    clip = Clip.open(write_video(tmp_path / "a.mp4", frames))
    with pytest.raises(InputError, match="cannot be written"):
        VideoWriter(tmp_path / "none" / "b.mp4", clip)


def test_titles_may_be_of_any_encoding(tmp_path, frames):
    source = write_video(tmp_path / "a.mp4", frames)
    titled = tmp_path / "b.mkv"
    with av.open(str(source)) as given, av.open(str(titled), "w") as container:
        container.metadata["title"] = "TITLE-A"
        stream = container.add_stream_from_template(given.streams.video[0])
        stream.metadata["title"] = "TITLE-B"
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    data = titled.read_bytes()
    assert b"TITLE-A" in data and b"TITLE-B" in data
    # As old programs wrote umlauts.
    titled.write_bytes(data.replace(b"TITLE-", b"T\xfcTL\xdf-"))
    assert len([*Clip.open(titled).frames()]) == 12
    out = tmp_path / "c.mp4"
    copy(titled, out)
    assert len(read_video(out)[0]) == 12
