"""What a data set of walkers holds, and its recordings as examples."""

import dataclasses
import functools
from typing import Any

import numpy as np

from tfds_casia.fingerprint import fingerprint
from tfds_casia.walkers import body, camera, colour, encoding, recording, scene, segmentation
from tfds_casia.walkers.recording import WalkName

# One recording, by the names of the data set's features.
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
        """Twelve hexadecimal digits that differ for plans whose recordings differ.

        Args:
            version: of the program that makes them.
        """
        # Not the number of subjects: those that are there stay the same when more are asked for.
        return fingerprint({**dataclasses.asdict(self), "subjects": None}, version)


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
    return [(name.key(view), _example(plan, name, moving, view)) for view in sorted(plan.views)]


def filmed(
    seed: int, name: WalkName, moving: recording.Motion, view: int
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Films a walk, or a part of it, in colour.

    Args:
        seed: of the data set.
        name: which walk, for the clothes, the room and the camera's noise.
        moving: it.
        view: angle of the camera in degrees.

    Returns:
        T pictures, uint8 blue, green, red [H, W, 3], exact silhouettes, uint8 of 0 and 255 [T, H,
        W], and the room without anybody, as a picture.
    """
    sight, room = recording.see(moving, view), scene_of(seed, name.subject, view)
    _, clothes = clothes_of(seed, name)
    rng = recording.stream("camera", seed, *name.numbers, view)
    pictures = colour.film(moving, sight, clothes, room, rng, view)
    masks = sight.window.paste(sight.masks, (camera.HEIGHT, camera.WIDTH))
    return pictures, np.stack([*masks]), room.background


def in_colour(seed: int, name: WalkName, view: int) -> Example:
    """Records one walk in one view in colour: as a plan of this seed and all views has it."""
    ((_, example),) = examples(Plan(seed=seed, views=(view,), kind="rgb"), name)
    return example


def _example(plan: Plan, name: WalkName, moving: recording.Motion, view: int) -> Example:
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
    damaged, window = segmentation.degrade(moving.figure, sight, rng)
    degraded = [encoding.png(mask) for mask in window.paste(damaged, shape)]
    if plan.kind == "degraded":
        return {**example, "frames": degraded}
    room = scene_of(plan.seed, name.subject, view)
    kind, clothes = clothes_of(plan.seed, name)
    rng = recording.stream("camera", plan.seed, *name.numbers, view)
    pictures = colour.film(moving, sight, clothes, room, rng, view)
    return {
        **example,
        "colour_frames": [encoding.jpeg(picture) for picture in pictures],
        "degraded_frames": degraded,
        "background": encoding.png(room.background),
        "clothing": kind,
    }
