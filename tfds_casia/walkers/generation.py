"""Makes all recordings of a data set: on all cores, and going on where it was interrupted."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import multiprocessing
import os
import pathlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cv2
import numpy as np

from tfds_casia.files import open_regular
from tfds_casia.walkers import (
    body,
    camera,
    colour,
    encoding,
    parts,
    recording,
    scene,
    segmentation,
)
from tfds_casia.walkers.recording import WalkName

Example = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a data set of walkers holds.

    Attributes:
        subjects: how many people.
        seed: of everything random.
        views: angles of the cameras in degrees, some of `camera.VIEWS`.
        sequences: how many walks of each condition, as (condition, number).
        kind: what the recordings hold: "silhouettes", "degraded" (only silhouettes, as segmentation
            would give them) or "rgb".
    """

    subjects: int = 40
    seed: int = 0
    views: tuple[int, ...] = camera.VIEWS
    sequences: tuple[tuple[str, int], ...] = (("nm", 6), ("bg", 2), ("cl", 2))
    kind: str = "silhouettes"

    def walks(self) -> list[WalkName]:
        """All walks, in the order of the data set's keys."""
        return sorted(
            WalkName(subject, condition, sequence)
            for subject in range(1, self.subjects + 1)
            for condition, count in self.sequences
            for sequence in range(1, count + 1)
        )

    def fingerprint(self, version: str) -> str:
        """Sixteen hexadecimal digits that differ for plans whose recordings differ.

        Args:
            version: of the program that makes them.
        """
        # Not the number of subjects: those that are there stay the same when more are asked for.
        content = {**dataclasses.asdict(self), "subjects": None, "version": version}
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=2 * len(camera.VIEWS))
def scene_of(seed: int, subject: int, view: int) -> scene.Scene:
    """Returns the room in which a subject is filmed, as the camera of a view sees it."""
    room = recording.stream("scene", seed, subject)
    spot = recording.stream("scene", seed, subject, view)
    return scene.draw_scene(room, spot, view)


def clothes_of(seed: int, name: WalkName) -> tuple[str, dict[body.Part, colour.Cloth]]:
    """Returns how a person looks on a walk; see `colour.draw_clothes`."""
    who = recording.person(seed, name.subject)
    own = recording.stream("clothes", seed, name.subject)
    today = recording.stream("clothes", seed, *name.numbers)
    return colour.draw_clothes(own, today, who.wardrobe.sleeves)


def examples(plan: Plan, name: WalkName) -> list[tuple[str, Example]]:
    """Records one walk.

    Returns:
        A key and an example for each view, in the order of the keys.
    """
    moving = recording.move(plan.seed, name)
    brightness = None
    if plan.kind == "rgb":
        normals = body.normals(moving.vertices, moving.figure.faces)
        brightness = scene_of(plan.seed, name.subject, plan.views[0]).light.on(normals)
    return [
        (name.key(view), _example(plan, name, moving, brightness, view))
        for view in sorted(plan.views)
    ]


def _example(
    plan: Plan,
    name: WalkName,
    moving: recording.Motion,
    brightness: np.ndarray | None,
    view: int,
) -> Example:
    sight = recording.see(moving, view)
    shape = (camera.HEIGHT, camera.WIDTH)
    exact = [encoding.png(mask) for mask in sight.window.paste(sight.masks, shape)]
    example = {
        "frames": exact,
        "frame_numbers": list(range(1, len(exact) + 1)),
        "subject": f"{name.subject:03d}",
        "condition": name.condition,
        "sequence": name.sequence,
        "view": view,
    }
    if plan.kind == "silhouettes":
        return example
    rng = recording.stream("segmentation", plan.seed, *name.numbers, view)
    damaged, window = segmentation.degrade(moving, sight, rng)
    degraded = [encoding.png(mask) for mask in window.paste(damaged, shape)]
    if plan.kind == "degraded":
        return {**example, "frames": degraded}
    room = scene_of(plan.seed, name.subject, view)
    kind, clothes = clothes_of(plan.seed, name)
    rng = recording.stream("camera", plan.seed, *name.numbers, view)
    pictures = colour.film(moving, sight, clothes, room, brightness, rng, view)
    return {
        **example,
        "colour_frames": [encoding.jpeg(picture) for picture in pictures],
        "degraded_frames": degraded,
        "background": encoding.png(room.plate),
        "clothing": kind,
    }


def _part(folder: pathlib.Path, name: WalkName) -> pathlib.Path:
    return folder / f"{name.subject:06d}-{name.condition}-{name.sequence:02d}.part"


def _make_part(plan: Plan, folder: pathlib.Path, name: WalkName) -> None:
    """Records a walk and leaves it in the folder, all or nothing."""
    path = _part(folder, name)
    unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
    with unfinished.open("wb") as file:
        parts.save(file, examples(plan, name))
    unfinished.replace(path)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _begin_worker() -> None:
    # If the parent is killed nobody tells its workers, and they would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # One thread a process: there is a process for every core. The parent handles interrupts.
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_parts(
    plan: Plan,
    folder: pathlib.Path,
    processes: int,
    progress: Callable[[Iterable[Any], int, int], Iterable[Any]],
) -> None:
    """Records all walks of a plan that are not in the folder yet.

    May be interrupted at any moment and called again: what is there is whole.

    Args:
        plan: what to make.
        folder: where the walks are kept, made if needed; used by one caller at a time.
        processes: how many to run; with 1 the work is done in this process.
        progress: wraps the walks as they are done; gets them, how many there were before, and how
            many there are in all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob("*.unfinished"):
        left_over.unlink()
    walks = plan.walks()
    missing = [name for name in walks if not _part(folder, name).exists()]
    done_before = len(walks) - len(missing)
    make = functools.partial(_make_part, plan, folder)
    if processes == 1 or len(missing) < 2:
        for _ in progress(map(make, missing), done_before, len(walks)):
            pass
        return
    # Spawned, since forking a process in which JAX has started threads can hang.
    pool = concurrent.futures.ProcessPoolExecutor(
        min(processes, len(missing)), multiprocessing.get_context("spawn"), _begin_worker
    )
    with pool:
        futures = [pool.submit(make, name) for name in missing]
        try:
            done = concurrent.futures.as_completed(futures)
            for future in progress(done, done_before, len(walks)):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def read_part(folder: pathlib.Path, name: WalkName) -> Iterator[tuple[str, Example]]:
    """Yields what `examples` gave for a walk, from the folder that `make_parts` filled.

    Raises:
        DamagedPartError: the walk's file is not whole.
    """
    with open_regular(_part(folder, name)) as file:
        yield from map(tuple, parts.load(file))
