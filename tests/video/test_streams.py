"""Files as phones, recorders and editors leave them: which stream is the film, and all of it."""

import struct

import av
import numpy as np
import pytest
from av.stream import Disposition
from clips import draw_scene, faststart, walk_in, walking, write_video

from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import Clip
from gait_jax.video.writer import VideoWriter


@pytest.fixture(scope="module")
def frames():
    return walk_in(draw_scene(), walking(50))


def encode(container, stream, images):
    for image in images:
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
    container.mux(stream.encode(None))


def add(container, codec, pix_fmt, shape=(96, 140), **options):
    stream = container.add_stream(codec, rate=25, options=options)
    (stream.height, stream.width), stream.pix_fmt = shape, pix_fmt
    return stream


def shows(clip, frames):
    """Whether a clip's frames are these, in this order."""
    found = [frame.image.astype(int) for frame in clip.frames()]
    return len(found) == len(frames) and all(
        np.abs(one - other).mean() < 5 for one, other in zip(found, frames, strict=True)
    )


@pytest.mark.parametrize(("kind", "disposition"), [("mp4", 0), ("mp4", "cover"), ("mkv", 0)])
def test_a_picture_before_the_film_is_not_the_film(tmp_path, frames, kind, disposition):
    path = tmp_path / f"a.{kind}"
    cover = 255 - frames[0].repeat(2, axis=0).repeat(2, axis=1)
    with av.open(str(path), "w") as container:
        picture = add(container, "mjpeg", "yuvj420p", (192, 280))
        if disposition:
            picture.disposition = Disposition.attached_pic
        film = add(container, "libx264", "yuv420p", crf="10", bf="0")
        encode(container, picture, [cover])
        encode(container, film, frames)
    clip = Clip.open(path)
    assert (clip.height, clip.width) == (96, 140)
    assert shows(clip, frames)


def test_a_preview_beside_the_film_is_not_the_film(tmp_path, frames):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        preview = add(container, "mpeg4", "yuv420p", (48, 70))
        film = add(container, "libx264", "yuv420p", crf="10", bf="0")
        preview.disposition = film.disposition = Disposition.default
        encode(container, preview, [frame[::2, ::2].copy() for frame in frames])
        encode(container, film, frames)
    assert shows(Clip.open(path), frames)


def test_a_cover_alone_is_no_film(tmp_path, frames):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        picture = add(container, "mjpeg", "yuvj420p")
        picture.disposition = Disposition.attached_pic
        sound = container.add_stream("aac", rate=44100)
        encode(container, picture, frames[:1])
        wave = av.AudioFrame.from_ndarray(np.zeros((2, 4096), np.float32), "fltp", "stereo")
        wave.rate = 44100
        container.mux(sound.encode(wave))
        container.mux(sound.encode(None))
    with pytest.raises(InputError, match="a.mp4 holds no video"):
        Clip.open(path)


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    return path


def test_a_file_that_breaks_off_is_refused_before_any_work(tmp_path, frames):
    path = cut(faststart(write_video(tmp_path / "a.mp4", frames)), 0.6)
    with pytest.raises(InputError, match=r"a.mp4 breaks off after (\d\.\d\d) of 2.00 seconds") as e:
        Clip.open(path)
    there = float(str(e.value).split("--end ")[1])
    # About so much as there is of the file, and what is named is there.
    assert 0.8 < there < 1.4
    part = Clip.open(path, end=there)
    assert len(list(part.frames())) == round(25 * there)
    whole = list(part.all_there_is().frames())
    assert round(25 * there) <= len(whole) < 40


@pytest.mark.parametrize(("kind", "codec"), [("mkv", "libx264"), ("avi", "mpeg4"), ("flv", "flv")])
def test_a_file_without_an_index_is_refused_where_it_breaks_off(tmp_path, frames, kind, codec):
    path = write_video(tmp_path / f"a.{kind}", frames, codec=codec)
    assert len(list(Clip.open(path).frames())) == 50
    clip = Clip.open(cut(path, 0.6))
    with pytest.raises(InputError, match=rf"a.{kind} breaks off after 1\.\d\d of 2.0\d seconds"):
        list(clip.frames())
    assert len(list(Clip.open(path, end=0.8).frames())) == 20


def test_a_recorders_stream_ends_where_it_ends(tmp_path, frames):
    # A transport stream promises no length: what is there is all that was recorded.
    path = cut(write_video(tmp_path / "a.ts", frames), 0.6)
    assert 20 < len(list(Clip.open(path).frames())) < 40


def sound_of(path):
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams.audio]


def spoil_sound(path):
    """Gives the first sound track of an MP4 a code that nobody knows."""
    data = path.read_bytes()
    for mark in (b"mp4a", b"esds"):
        assert data.count(mark) >= 1
        data = data.replace(mark, b"apac", 1)
    path.write_bytes(data)
    return path


def test_sound_that_cannot_be_decoded_gives_way_to_the_next_track(tmp_path, frames):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        film = add(container, "libx264", "yuv420p")
        tracks = [container.add_stream("aac", rate=44100) for _ in range(2)]
        encode(container, film, frames)
        for track in tracks:
            wave = av.AudioFrame.from_ndarray(np.zeros((2, 88200), np.float32), "fltp", "stereo")
            wave.rate = 44100
            container.mux(track.encode(wave))
            container.mux(track.encode(None))
    clip = Clip.open(spoil_sound(path))
    assert (clip.has_audio, clip.sound) == (True, 2)
    with VideoWriter(tmp_path / "b.mp4", clip, keep_audio=True) as writer:
        for frame in clip.frames():
            writer.write(frame.image, frame.pts, frame.duration)
    assert sound_of(tmp_path / "b.mp4") == ["aac"]
    # Of none, the film is left, without sound.
    alone = Clip.open(spoil_sound(path))
    assert (alone.has_audio, alone.sound) == (True, None)
    with VideoWriter(tmp_path / "c.mp4", alone, keep_audio=True) as writer:
        for frame in alone.frames():
            writer.write(frame.image, frame.pts, frame.duration)
    assert sound_of(tmp_path / "c.mp4") == []


# By FFmpeg's numbers (a, b, c, d): a point (x, y) is shown at (a x + c y, b x + d y).
@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 1), lambda image: image),
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
        ((1, 0, 0, -1), lambda image: image[::-1]),
        ((-1, 0, 0, -1), lambda image: image[::-1, ::-1]),
        ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((0, -1, 1, 0), lambda image: np.rot90(image)),
        ((0, -1, -1, 0), lambda image: np.rot90(image.transpose(1, 0, 2), 2)),
    ],
)
def test_frames_are_shown_as_the_display_matrix_says(tmp_path, frames, matrix, turn):
    path = write_video(tmp_path / "a.mp4", frames[:3])
    # The matrix stands in the track's header, in 16.16 and 2.30, after 40 bytes of other fields.
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (65536 * x for x in matrix)
    written = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    assert struct.unpack(">9i", data[at : at + 36])[0] == 65536
    path.write_bytes(data[:at] + written + data[at + 36 :])
    clip = Clip.open(path)
    expected = [turn(frame) for frame in frames[:3]]
    assert (clip.height, clip.width) == expected[0].shape[:2]
    assert shows(clip, expected)
