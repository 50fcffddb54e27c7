"""Videos: whole ones of unusual forms, torn ones, and files that are none."""

import json
import random
import struct
import wave
from fractions import Fraction

import av
import cv2
import jax
import numpy as np
from clips import draw_scene, walk_in, walking, write_video

from fuzzing.kind import CASE, READ, SKIPPED, Kind, check
from fuzzing.mutate import mutated
from gait_jax import runs
from gait_jax.anonymization.looking import look
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.videos import anonymize_video
from gait_jax.pretrained import MODELS
from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import Clip
from tfds_casia import videos

_CLIP, _WHOLE, _CASIA = "clip", "whole", "casia"
# More would be a frame of more than its file can hold.
_MOST_PIXELS = 2**26


class Films(Kind):
    """Readers of videos: `Clip`, `anonymize_video`, and those of CASIA-B in colour."""

    limit = 30.0
    made = ("out",)

    @staticmethod
    def prepare(seeds):
        frames = walk_in(draw_scene(), walking(6))
        for name, more in {
            "a.mp4": {},
            "sound.mp4": {"audio": "aac"},
            "slow.mp4": {"rate": Fraction(1, 100)},
            "fast.mp4": {"rate": Fraction(10_000)},
            "odd.mkv": {"pts": [0, 1, 1, 5, 4, 9], "tick": Fraction(1, 50)},
            "a.avi": {"codec": "mpeg4"},
            "mjpeg.avi": {"codec": "mjpeg"},
            "a.ts": {},
            "a.webm": {"codec": "libvpx"},
        }.items():
            try:
                write_video(seeds / name, frames, **more)
            except (av.FFmpegError, ValueError):
                (seeds / name).unlink(missing_ok=True)
        (seeds / "changing.mjpeg").write_bytes(
            b"".join(cv2.imencode(".jpg", f[: 96 - 16 * (i > 2)])[1].tobytes()
                     for i, f in enumerate(frames))
        )  # fmt: skip
        small = [f[:1, :1] for f in frames]
        (seeds / "tiny.mjpeg").write_bytes(
            b"".join(cv2.imencode(".jpg", f)[1].tobytes() for f in small)
        )
        cv2.imwrite(str(seeds / "picture.png"), frames[0])
        cv2.imwrite(str(seeds / "picture.jpg"), frames[0])
        with wave.open(str(seeds / "sound.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(8000))

    def __init__(self, seeds):
        super().__init__(seeds)
        self._files = {path.name: path.read_bytes() for path in sorted(seeds.iterdir())}
        self._anonymizers = {
            method: runs.open_run(path).anonymizer() for method, path in MODELS.items()
        }

    def _list(self, rng: random.Random) -> bytes:
        """A text that FFmpeg may take for a list of other files."""
        other = str(self.seeds / "a.mp4")
        return rng.choice(
            (
                f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{other}\n#EXT-X-ENDLIST\n",
                f"ffconcat version 1.0\nfile '{other}'\n",
                "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
                "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\nc=IN IP4 127.0.0.1\n",
                "<?xml version='1.0'?><MPD><Period><AdaptationSet/></Period></MPD>",
            )
        ).encode()

    @staticmethod
    def _field(rng: random.Random, data: bytes) -> bytes:
        """An MP4 file with an extreme number in one of its boxes."""
        box = rng.choice((b"tkhd", b"mvhd", b"mdhd", b"stts", b"stsz", b"stco", b"stsc", b"avc1",
                          b"elst", b"avcC", b"ctts"))  # fmt: skip
        at = data.find(box)
        if at < 0:
            return mutated(rng, data)
        at += 4 * rng.randint(1, 24)
        number = rng.choice((0, 1, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 16384 << 16, 10**9))
        return data[:at] + struct.pack(">I", number) + data[at + 4 :]

    def write(self, rng, folder):
        names = sorted(self._files)
        name = rng.choice(names)
        data, chance = self._files[name], rng.random()
        if chance < 0.08:
            data = self._list(rng)
        elif chance < 0.3:
            data = self._field(rng, self._files["a.mp4"])
        elif chance < 0.85:
            data = mutated(rng, data, (self._files[rng.choice(names)],))
        reader = rng.choice((_CLIP,) * 6 + (_WHOLE,) + (_CASIA,) * 3)
        # Now and then a name that FFmpeg may take for something else than a file's.
        usual = rng.choice(("x.mp4", "x.avi", "x.mkv", "x.mp4", "x.mp4"))
        strange = rng.choice(
            ("a:b.mp4", "x%03d.mp4", "-", "concat:x.mp4", "a|b.mp4", "http:", "\udcff.mp4")
        )
        name = strange if rng.random() < 0.06 else usual
        (folder / name).write_bytes(data)
        start, end = rng.choice(((0, None), (0, None), (0.1, 0.2), (1e9, None), (0, 1e-9)))
        case = {"reader": reader, "name": name, "start": start, "end": end}
        case["method"] = rng.choice(sorted(MODELS))
        (folder / CASE).write_text(json.dumps(case | {"audio": rng.random() < 0.3}))

    def read(self, folder):
        case = json.loads((folder / CASE).read_text())
        path = folder / case["name"]
        if case["reader"] == _CASIA:
            return self._casia(path)
        end = float("inf") if case["end"] is None else case["end"]
        if case["reader"] == _WHOLE:
            anonymizer = self._anonymizers[case["method"]]
            # So few frames show nobody's scene.
            scene = self.seeds / "picture.png"
            options = Options(
                start=case["start"], end=end, keep_audio=case["audio"], background=scene,
                progress=False,
            )  # fmt: skip
            return self._whole(anonymizer, folder, path, options)
        clip = Clip.open(path, case["start"], end)
        check(clip.rate > 0 and clip.time_base > 0, f"{clip.rate} frames/s of {clip.time_base} s")
        check(clip.pixel_aspect > 0, f"pixels of {clip.pixel_aspect}")
        last = -1
        for frame in clip.frames(lambda index: index < 20):
            check(frame.pts > last and frame.duration >= 0, "time stands still")
            last = frame.pts
            if frame.image is not None:
                check(frame.image.shape == (clip.height, clip.width, 3), "another size")
                check(frame.image.dtype == np.uint8, f"{frame.image.dtype}")
                check(frame.image.size <= 3 * _MOST_PIXELS, f"{clip.width}×{clip.height}")
        return READ

    @staticmethod
    def _casia(path) -> str:
        try:
            frames = list(videos.read(str(path)))
            found = videos.background_of(str(path))
        except videos.UnreadableVideoError:
            return SKIPPED
        check(all(f.dtype == np.uint8 and f.ndim == 3 for f in frames), "frames of other types")
        check(
            found.shape == frames[0].shape and found.dtype == np.uint8,
            "a background of another size",
        )
        return READ

    @staticmethod
    def _whole(anonymizer, folder, path, options) -> str:
        out = folder / "out" / "x.mp4"
        out.parent.mkdir(exist_ok=True)
        key = jax.random.key(0)
        try:
            entry = anonymize_video(anonymizer, look(Clip.open(path), options), out, key, options)
        except InputError:
            check(not any(out.parent.iterdir()), "left a part of a video")
            raise
        check(list(out.parent.iterdir()) == [out], "wrote other files")
        json.dumps(entry)
        with av.open(str(out)) as container:
            count = sum(1 for _ in container.decode(video=0))
        check(count == entry["frames"] > 0, f"{count} frames written of {entry['frames']}")
        return READ
