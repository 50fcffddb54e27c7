"""Clips drawn for tests: people who walk before a wall."""

import math
from fractions import Fraction

import av
import cv2
import numpy as np
from drawn import HEIGHT, WIDTH, draw_person

from gait_jax.video import planes


def draw_scene(height=HEIGHT, width=WIDTH):
    """A wall and a floor, [H, W, 3] uint8."""
    image = np.full((height, width, 3), (190, 200, 195), np.uint8)
    image[int(0.7 * height) :] = (110, 130, 120)
    return image


def walk_in(scene, masks, colour=(40, 60, 150), noise=2.0, seed=0):
    """Puts silhouettes into a scene: a frame [H, W, 3] uint8 for each mask of 0 and 255."""
    rng = np.random.default_rng(seed)
    frames = []
    for mask in masks:
        frame = scene.copy()
        frame[mask > 0] = colour
        noisy = frame + rng.normal(0, noise, frame.shape)
        frames.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return frames


def walking(frames, start=20, step=2, tall=60):
    """Masks [96, 140] uint8 of 0 and 255 of a person who crosses the scene."""
    return [draw_person(0.5 * i, start + step * i, tall) for i in range(frames)]


def write_video(
    path, frames, rate=Fraction(25), pts=None, tick=None, audio=None, codec="libx264", bt709=False
):
    """Writes frames losslessly enough to compare; `audio` names a codec for a tone."""
    tick = tick or 1 / rate
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = tick
        if bt709:
            stream.codec_context.colorspace = planes.BT709
        if codec == "libx264":
            stream.options = {"crf": "10", "preset": "veryfast", "bf": "0"}
        else:
            stream.bit_rate = 4_000_000
        sound = container.add_stream(audio, rate=44100) if audio else None
        for i, image in enumerate(frames):
            frame = planes.encode(image, bt709)
            frame.pts, frame.time_base = i if pts is None else pts[i], tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound:
            samples = math.ceil(44100 * len(frames) / rate)
            tone = np.sin(np.arange(samples) * 0.06).astype(np.float32)[None]
            wave = av.AudioFrame.from_ndarray(np.repeat(tone, 2, 0), "fltp", "stereo")
            wave.rate, wave.pts, wave.time_base = 44100, 0, Fraction(1, 44100)
            container.mux(sound.encode(wave))
            container.mux(sound.encode(None))
    return path


def read_video(path):
    """(frames [T, H, W, 3] uint8, times in seconds as Fractions)."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [
            (planes.decode(frame), frame.pts * stream.time_base)
            for frame in container.decode(stream)
        ]
    return np.stack([image for image, _ in found]), [time for _, time in found]


def upscale(images, factor):
    """Enlarges pictures."""
    return [cv2.resize(i, None, fx=factor, fy=factor, interpolation=0) for i in images]


def faststart(path):
    """Puts the index of an MP4 before its pictures, as in files made for the web; in place."""
    partial = path.with_name("partial.mp4")
    with (
        av.open(str(path)) as source,
        av.open(str(partial), "w", options={"movflags": "+faststart"}) as target,
    ):
        streams = [target.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return partial.replace(path)
