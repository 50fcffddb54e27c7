"""Walkers in the folders of CASIA-B, to see that what is written for it runs on data of its shape.

    python benchmarks/casia_b_shape.py DIR --people 24
    python -m gait_jax.evaluate --config=configs/papers/jisa2019.py:data=casia_b,size=quick \
        --config.data.manual_dir=DIR --config.evaluators.frame_score.walks=0 \
        --config.evaluators.video_score.walks=0 --workdir=runs/shape

Writes silhouettes as `GaitDatasetB-silh/001/nm-01/000/001-nm-01-000-001.png` and, with --videos,
`DatasetB-1/video/001-nm-01-000.avi` and `001-bkgrd-000.avi`: ten walks of each person in eleven
views. A walk that is there is not written again. With videos a person takes 16 seconds of
processor time, where `benchmarks/walkers.py` has 489 colour frames a second; without, 2.5.
"""

import argparse
import concurrent.futures
import functools
import os
import pathlib

import cv2
import numpy as np

from tfds_casia.walkers import camera, encoding, recording
from tfds_casia.walkers.generation import Plan, filmed
from tfds_casia.walkers.recording import WalkName

_SEED, _RATE = 0, 25.0
# Frames of the empty scene.
_EMPTY = 25


def _write_video(path: pathlib.Path, pictures: list[np.ndarray]) -> None:
    """Writes blue, green, red pictures [H, W, 3] uint8, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two walks of a person may come to their empty scene at once.
    unfinished = path.with_name(f"unfinished-{os.getpid()}-{path.name}")
    height, width = pictures[0].shape[:2]
    video = cv2.VideoWriter(
        str(unfinished), cv2.VideoWriter_fourcc(*"MJPG"), _RATE, (width, height)
    )
    if not video.isOpened():
        raise SystemExit(f"{path} cannot be written: see whether there is room, and the right to")
    for picture in pictures:
        video.write(picture)
    video.release()
    unfinished.rename(path)


def write(root: pathlib.Path, videos: bool, name: WalkName) -> int:
    """Writes one walk in all views, unless it is there; gives the number of its frames."""
    walk = f"{name.subject:03d}-{name.condition}-{name.sequence:02d}"
    folder = root / "GaitDatasetB-silh" / walk[:3] / walk[4:]
    # Not among what is read as the data set.
    done = root.with_name(f"{root.name}.written") / walk
    if done.exists():
        return 0
    moving = recording.move(_SEED, name)
    frames = 0
    for view in camera.VIEWS:
        path = folder / f"{view:03d}"
        path.mkdir(parents=True, exist_ok=True)
        if videos:
            pictures, masks, room = filmed(_SEED, name, moving, view)
            films = root / "DatasetB-1" / "video"
            _write_video(films / f"{walk}-{path.name}.avi", pictures)
            empty = films / f"{walk[:3]}-bkgrd-{path.name}.avi"
            if not empty.exists():
                _write_video(empty, [room] * _EMPTY)
        else:
            sight = recording.see(moving, view)
            masks = sight.window.paste(sight.masks, (camera.HEIGHT, camera.WIDTH))
        for number, mask in enumerate(masks, 1):
            (path / f"{walk}-{path.name}-{number:03d}.png").write_bytes(encoding.png(mask))
        frames += len(masks)
    done.parent.mkdir(parents=True, exist_ok=True)
    done.touch()
    return frames


def main() -> None:
    """Writes the folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, help="folder to write")
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--videos", action="store_true", help="write videos, too")
    args = parser.parse_args()
    walks = Plan(subjects=args.people, seed=_SEED).walks()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        frames = sum(pool.map(functools.partial(write, args.out, args.videos), walks))
    print(f"{len(walks)} walks in 11 views, {frames} frames written to {args.out}")


if __name__ == "__main__":
    main()
