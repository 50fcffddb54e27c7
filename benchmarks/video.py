"""How fast and how well videos are anonymised, on walkers' colour and on a clip of your own.

    python benchmarks/video.py --deface /path/to/environment/bin/deface [--clip vtest.avi]
        [--method stgan]

`deface` (PyPI) blurs faces only; it is the peer that people know. Install it in an environment of
its own. Both run end to end, from the command's start to its end, in turn, on the same clips; what
counts is the ratio. Printed:

  speed    frames/s and peak memory (MiB) of both, and the frames that each wrote: at 320×240, on
           the same four times over, at 1280×720, and on the clip given
  found    IoU of found and true silhouettes over walkers' clips with their backgrounds, after
           H.264: the mean, and the worst frame
  left     band: the true outline, two pixels to either side. Frames in which more than 2 % of the
           band still show the person outside the anonymised body, and which the report does not
           list; the worst frame's share. Beside it, the share of the band that shows the person as
           they were at all: eq 9 keeps the colours where both silhouettes are
  flicker  of colour (grey levels) and outline (1 - IoU) from frame to frame, of the original and of
           the anonymised people
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

import av
import cv2
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.pretrained import DEFAULT_METHOD, MODELS
from gait_jax.video import people, planes
from gait_jax.video.background import estimate, largest_channel, sample
from gait_jax.video.clip import Clip
from gait_jax.video.foreground import DifferenceSegmenter
from tfds_casia.walkers import generation
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName

# Subjects and views of the quality measures: every condition, all around.
WALKS = [(1, "nm", 90), (2, "cl", 54), (3, "bg", 0), (5, "nm", 126), (7, "nm", 90), (8, "nm", 36),
         (9, "bg", 72), (11, "cl", 108), (12, "nm", 144), (14, "nm", 18), (17, "nm", 54),
         (20, "nm", 162)]  # fmt: skip


# Runs a command and prints its peak memory in KiB. A process of its own: a child's peak counts
# what its parent had when it was started.
_PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def walk(subject: int, condition: str, view: int, sequence: int = 1):
    """(frames [T, H, W, 3] uint8, masks [T, H, W] uint8 of 0 and 1, background) of a walker."""
    name = WalkName(subject, condition, sequence)
    example = generation.examples(Plan(views=(view,), kind="rgb"), name)[0][1]
    frames, masks = (
        np.stack([cv2.imdecode(np.frombuffer(file, np.uint8), flag) for file in example[key]])
        for key, flag in (("colour_frames", cv2.IMREAD_COLOR), ("frames", cv2.IMREAD_GRAYSCALE))
    )
    background = cv2.imdecode(np.frombuffer(example["background"], np.uint8), cv2.IMREAD_COLOR)
    return frames, masks // 255, background


def write(path: pathlib.Path, frames, size: tuple[int, int] | None = None) -> None:
    """Writes an H.264 clip of 25 frames a second, enlarged to (width, height) if given."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "18"})
        stream.width, stream.height = size or frames[0].shape[1::-1]
        stream.pix_fmt = "yuv420p"
        for image in frames:
            picture = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) if size else image
            container.mux(stream.encode(planes.encode(picture, bt709=False)))
        container.mux(stream.encode(None))


def read(path: pathlib.Path) -> list[np.ndarray]:
    """A clip's frames [H, W, 3] uint8."""
    return [frame.image for frame in Clip.open(path).frames()]


def count(path: pathlib.Path) -> int:
    """How many frames a clip has."""
    return sum(1 for _ in Clip.open(path).frames(lambda index: False))


# Exit statuses with which a clip is written: 3 where somebody was painted out of a frame.
_WRITTEN = (0, 3)


def timed(command: list, out: pathlib.Path) -> tuple[float, float, int]:
    """(seconds, peak MiB, frames written) of a command that writes a clip; exits if it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", _PEAK, *map(str, command)], capture_output=True, text=True
    )
    if done.returncode not in _WRITTEN:
        sys.exit(f"{command[0]} failed: {done.stderr.strip()}")
    return time.perf_counter() - start, float(done.stdout) / 1024, count(out)


def ours(clip: pathlib.Path, out: pathlib.Path, *flags) -> list:
    """Our command."""
    common = [clip, "-o", out, "--overwrite", "--no-progress", "--seed", 0]
    return [sys.executable, "-m", "gait_jax.anonymize", *common, *flags]


def speed(
    folder: pathlib.Path, method: str, deface: pathlib.Path | None, given: pathlib.Path | None
) -> None:
    """Prints the first table."""
    sequences = [walk(1, "nm", 90, i)[0] for i in range(1, 7)]
    frames = np.concatenate(sequences)
    long = np.concatenate([frames] * 4)
    clips = {
        "320×240": (folder / "small.mp4", frames, None),
        "320×240, four times as long": (folder / "long.mp4", long, None),
        "1280×720": (folder / "large.mp4", frames[:200], (1280, 720)),
    }
    for path, images, size in clips.values():
        write(path, images, size)
    paths = {name: path for name, (path, _, _) in clips.items()}
    if given:
        paths[given.name] = given
    for name, path in paths.items():
        out = folder / "out.mp4"
        total = count(path)
        seconds, memory, written = timed(ours(path, out, "--method", method), out)
        line = f"{name}: {total} frames. ours {total / seconds:.1f} frames/s, {memory:.0f} MiB, "
        line += f"wrote {written}"
        if deface:
            peer = folder / "peer.mp4"
            other, memory, written = timed([deface, path, "-o", peer], peer)
            line += f"; deface {total / other:.1f}, {memory:.0f} MiB, wrote {written}"
            line += f"; ratio {other / seconds:.2f}"
        print(line, flush=True)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """IoU of two masks."""
    return np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1)


def found(clip: Clip, background: np.ndarray, masks: np.ndarray) -> list[float]:
    """IoU of each frame's found and true silhouette."""
    segment = DifferenceSegmenter(estimate(sample(clip)[0], background))
    values = []
    for frame, mask in zip(clip.frames(), masks, strict=True):
        canvas = np.zeros_like(mask)
        for sighting in people.find(segment(frame.image)):
            canvas[sighting.crop] |= sighting.mask
        values.append(overlap(canvas, mask))
    return values


def left(source, result, background, mask: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
    """Shares of the true outline's band that still show the person: outside the body; in all."""
    square = np.ones((5, 5), np.uint8)
    band = (cv2.dilate(mask, square) > 0) & (cv2.erode(mask, square) == 0)
    limit = 5 * noise
    # Twice as far from the background as noise goes: nearer, the background itself would pass for
    # the person.
    person = band & (mask > 0) & (largest_channel(cv2.absdiff(source, background)) > 2 * limit)
    same = person & (largest_channel(cv2.absdiff(result, source)) <= limit)
    painted = (largest_channel(cv2.absdiff(result, background)) > limit).astype(np.uint8)
    body = silhouette.clean(painted) > 0
    return np.count_nonzero(same & ~body) / band.sum(), np.count_nonzero(same) / band.sum()


def quality(folder: pathlib.Path, method: str) -> None:
    """Prints the other tables."""
    overlaps, outside, anywhere, unlisted, listed, total = [], [], [], 0, 0, 0
    flicker: dict[str, list[float]] = {}
    for subject, condition, view in WALKS:
        frames, masks, background = walk(subject, condition, view)
        path, out, report = (folder / name for name in ("walk.mp4", "done.mp4", "report.json"))
        write(path, frames)
        cv2.imwrite(str(folder / "background.png"), background)
        values = found(Clip.open(path), background, masks)
        overlaps += values
        flags = ("--background", folder / "background.png", "--report", report, "--method", method)
        timed(ours(path, out, *flags), out)
        entry = json.loads(report.read_text())["videos"][0]
        named = {
            i
            for ranges in entry["painted_out"].values()
            for first, last in ranges
            for i in range(first, last + 1)
        }
        noise = estimate(frames[:40], background).noise
        shares = [
            left(*one, noise)
            for one in zip(read(path), read(out), [background] * len(frames), masks, strict=True)
        ]
        outside += [share for share, _ in shares]
        anywhere += [share for _, share in shares]
        unlisted += sum(share > 0.02 and i not in named for i, (share, _) in enumerate(shares))
        listed += len(named)
        total += len(frames)
        for name, value in entry["flicker"].items():
            flicker.setdefault(name, []).append(value)
        print(f"  {subject:03d}-{condition}-{view:03d}: IoU {np.mean(values):.3f}, "
              f"worst {min(values):.3f}; {len(named)} of {len(frames)} frames listed")  # fmt: skip
    print(f"found: IoU {np.mean(overlaps):.3f}, worst frame {min(overlaps):.3f}")
    print(f"left: {unlisted} of {total} frames, {listed} listed; worst {max(outside):.2%}; "
          f"in all, mean {np.mean(anywhere):.1%}")  # fmt: skip
    print("flicker: " + ", ".join(f"{k} {np.mean(v):.3f}" for k, v in flicker.items()))


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deface", type=pathlib.Path, help="the peer's command")
    parser.add_argument("--clip", type=pathlib.Path, help="a further clip, for the speed")
    parser.add_argument("--method", choices=MODELS, default=DEFAULT_METHOD, help="our model")
    parser.add_argument("--only", choices=["speed", "quality"], help="leave the other out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if args.only != "quality":
            speed(pathlib.Path(name), args.method, args.deface, args.clip)
        if args.only != "speed":
            quality(pathlib.Path(name), args.method)


if __name__ == "__main__":
    main()
