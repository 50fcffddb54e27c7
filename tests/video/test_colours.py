"""What a file says of its colours, and films whose frames have to be made anew."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from clips import draw_scene, write_video

from gait_jax.video import light
from gait_jax.video.clip import Clip
from gait_jax.video.writer import VideoWriter


def written(clip, path):
    """What the result of a clip says: matrix, primaries, transfer, range."""
    with VideoWriter(path, clip) as writer:
        for frame in clip.frames():
            writer.write(frame.image, frame.pts, frame.duration)
    with av.open(str(path)) as container:
        (found,) = container.decode(video=0)
        return found.colorspace, found.color_primaries, found.color_trc, found.color_range


def film(path, shape=(96, 140), pix_fmt="yuv420p", codec="libx264", image=None, **said):
    """One frame, of which the file says what is given."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        (stream.height, stream.width), stream.pix_fmt = shape, pix_fmt
        for name, value in said.items():
            setattr(stream.codec_context, name, value)
        if image is None:
            grey = av.VideoFrame.from_ndarray(np.full((*shape, 3), 128, np.uint8), "bgr24")
            image = grey.reformat(format=pix_fmt)
        for name, value in said.items():
            setattr(image, name, value)
        container.mux(stream.encode(image))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("shape", "said", "expected"),
    [
        # What says nothing is taken as players take it: by its size.
        ((96, 140), {}, (6, 6, 6, 1)),
        ((288, 352), {}, (5, 5, 6, 1)),
        ((720, 1280), {}, (1, 1, 1, 1)),
        ((720, 1280), {"colorspace": 6}, (6, 6, 6, 1)),
        ((96, 140), {"colorspace": 1}, (1, 1, 1, 1)),
        ((96, 140), {"colorspace": 5, "color_primaries": 1, "color_trc": 13}, (5, 1, 13, 1)),
    ],
)
def test_results_always_say_how_their_colours_are_stored(tmp_path, shape, said, expected):
    clip = Clip.open(film(tmp_path / "a.mp4", shape, **said))
    assert written(clip, tmp_path / "b.mp4") == expected
    before, after = (next(Clip.open(tmp_path / name).frames()).image for name in ("a.mp4", "b.mp4"))
    assert np.abs(before.astype(int) - after).mean() < 2


def test_red_green_and_blue_are_stored_by_what_is_said(tmp_path):
    image = av.VideoFrame.from_ndarray(np.full((720, 1280, 3), (20, 60, 200), np.uint8), "bgr24")
    path = film(tmp_path / "a.mkv", (720, 1280), "bgr0", "ffv1", image.reformat(format="bgr0"))
    assert written(Clip.open(path), tmp_path / "b.mp4") == (6, 6, 6, 1)
    found = next(Clip.open(tmp_path / "b.mp4").frames()).image[300, 300]
    np.testing.assert_allclose(found, (20, 60, 200), atol=3)


def grey10(signal):
    """A frame of 10 bits, limited range, of one grey between 0 and 1: [48, 64]."""
    frame = av.VideoFrame(64, 48, "yuv420p10le")
    for i, plane in enumerate(frame.planes):
        value = 512 if i else round(64 + 876 * signal)
        plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
    return frame


# Signals of 203 and 100 cd/m² by ST 2084; 75 % of HLG is 203 cd/m² on a screen of 1000, and its
# half 1000 (1/12) (1/12)^0.2 = 50.7. As 203 is 1: 1 → 0.8 + 0.2 (1 - 1/e) = 0.926, of which the
# 2.4th root is 0.9686; 100/203 → 0.4926 → 0.7445; 50.7/203 → 0.2498 → 0.5610.
@pytest.mark.parametrize(
    ("curve", "kind", "signal", "expected"),
    [
        (16, light.PQ, 0.5807, 247.0),
        (16, light.PQ, 0.5081, 189.8),
        (16, light.PQ, 0.0, 0.0),
        (16, light.PQ, 1.0, 255.0),
        (18, light.HLG, 0.75, 247.0),
        (18, light.HLG, 0.5, 143.1),
    ],
)
def test_high_dynamic_range_comes_as_ordinary_screens_show_it(
    tmp_path, curve, kind, signal, expected
):
    said = {"colorspace": 9, "color_primaries": 9, "color_trc": curve}
    path = film(tmp_path / "a.mkv", (48, 64), "yuv420p10le", "ffv1", grey10(signal), **said)
    clip = Clip.open(path)
    assert clip.dynamic_range == kind
    np.testing.assert_allclose(next(clip.frames()).image, expected, atol=1.6)
    assert written(clip, tmp_path / "b.mp4") == (1, 1, 1, 1)
    assert Clip.open(tmp_path / "b.mp4").dynamic_range is None


def test_wide_colours_become_ordinary_ones():
    # BT.709's red, green and blue in light of BT.2020's (ITU-R BT.2087), and white.
    given = np.array(
        [[(0.6274, 0.0691, 0.0164), (0.3293, 0.9195, 0.0880), (0.0433, 0.0114, 0.8956), (1, 1, 1)]]
    )
    stored = np.rint(65280 * given ** (1 / 2.4)).astype(np.uint16)
    expected = [[(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)]]
    np.testing.assert_allclose(light.to_sdr(stored, None), expected, atol=6)


def combed(image):
    """How far rows lie off the middle of those above and below, where nothing else is sharp."""
    grey = image.astype(int).mean(axis=2)
    return np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean()


def test_interlaced_film_becomes_whole_frames(tmp_path):
    # A dark bar that moves by 6 pixels between the two fields of a frame.
    frames = []
    for i in range(8):
        fields = []
        for j in (0, 1):
            image = draw_scene()
            cv2.rectangle(
                image, (10 + 12 * i + 6 * j, 0), (30 + 12 * i + 6 * j, 95), (20, 20, 20), -1
            )
            fields.append(image)
        frame = fields[0].copy()
        frame[1::2] = fields[1][1::2]
        frames.append(frame)
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        options = {"x264-params": "tff=1", "crf": "5", "bf": "0"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = 96, 140, "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    clip = Clip.open(path)
    assert clip.interlaced
    found = list(clip.frames())
    assert [frame.pts * clip.time_base for frame in found] == [Fraction(i, 25) for i in range(8)]
    for image, frame in zip(frames, found, strict=True):
        assert combed(frame.image) < 0.35 * combed(image)
        # In its place: rows of the field that this encoder calls the first are as they were.
        assert np.abs(frame.image[1::2].astype(int) - image[1::2]).mean() < 2
    assert not Clip.open(write_video(tmp_path / "b.mp4", frames)).interlaced
