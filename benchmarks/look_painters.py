"""Paints the same stand-ins by several colourisers at once, for `looks.py`."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from gait_jax.anonymization import choices
from gait_jax.anonymization.clips import VideoAnonymizer
from gait_jax.anonymization.following import Sight
from gait_jax.anonymization.looking import look
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.painting import Figure, Painter, Sketch
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.parts import PartsColouriser
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Anonymizer
from gait_jax.runtime import keys
from gait_jax.video.background import Scene
from gait_jax.video.clip import Clip
from gait_jax.video.writer import VideoWriter

COLOURISERS = {
    choices.PARTS: PartsColouriser,
    choices.NEAREST: lambda: Placed(nearest.colourise),
}


@dataclasses.dataclass(frozen=True)
class Shown:
    """Somebody in a frame: who, the window's upper left corner, and masks in it [h, w] uint8."""

    index: int
    number: int
    corner: tuple[int, int]
    original: np.ndarray
    body: np.ndarray

    def placed(self, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """One of the masks in the picture, bool [H, W]."""
        whole = np.zeros(shape[:2], bool)
        x, y = self.corner
        whole[y : y + mask.shape[0], x : x + mask.shape[1]] = mask > 0
        return whole


class Painters:
    """Several painters of the same figures, where `VideoAnonymizer` expects one.

    Attributes:
      each: by name.
      pictures: what each painted, by index of the frame; to be taken out.
      shown: who was painted.
    """

    def __init__(self, each: dict[str, Painter]):
        """Takes them."""
        self.each = each
        self.pictures: dict[str, dict[int, np.ndarray]] = {name: {} for name in each}
        self.shown: list[Shown] = []

    @staticmethod
    def taken(window: np.ndarray, sight: Sight, mask: np.ndarray) -> np.ndarray:
        """The picture as it is, from which each painter takes what it keeps."""
        del sight, mask
        return window.copy()

    def sketch(self, scene: Scene, figures: Sequence[Figure]) -> dict[str, Sketch]:
        """Lets each sketch; see `Painter.sketch`."""
        self.shown += [
            Shown(one.index, one.sight.whose.number, one.sight.window[:2], one.mask, one.body.mask)
            for one in figures
        ]
        return {
            name: painter.sketch(
                scene,
                [
                    dataclasses.replace(one, image=painter.taken(one.image, one.sight, one.mask))
                    for one in figures
                ],
            )
            for name, painter in self.each.items()
        }

    def paint(
        self, scene: Scene, indices: Sequence[int], sketches: dict[str, Sketch]
    ) -> Iterator[np.ndarray]:
        """Lets each paint; see `Painter.paint`. Passes on the frames without anybody."""
        for name, painter in self.each.items():
            pictures = painter.paint(scene, indices, sketches[name])
            self.pictures[name] |= dict(zip(indices, pictures, strict=True))
        return (scene.at(index).picture for index in indices)

    def forget(self, person: int) -> None:
        """See `Painter.forget`."""
        for painter in self.each.values():
            painter.forget(person)


def variant(colour: str, faces: str) -> str:
    """What files of a colouriser are called."""
    return f"{colour}_{faces}"


def anonymize(
    source: pathlib.Path,
    folder: pathlib.Path,
    anonymizer: Anonymizer,
    colours: Sequence[str],
    seed: int,
) -> Painters:
    """Anonymises a clip with each colouriser, with faces blurred and kept.

    Finds people, and makes stand-ins, once, by the steps of `anonymize_video`. Writes
    `NAME_VARIANT.mp4` for each (see `variant`).
    """
    painters = Painters(
        {
            variant(colour, faces): Painter(COLOURISERS[colour](), faces == choices.BLUR)
            for colour in colours
            for faces in choices.FACES
        }
    )
    looked = look(Clip.open(source), Options(progress=False))
    clip = looked.clip
    key = keys.named_key(keys.random_key(seed), source.name)
    worker = VideoAnonymizer(anonymizer, looked.scene, painters, key, float(clip.rate))
    with contextlib.ExitStack() as stack:
        seen = stack.enter_context(looked.sightings(progress=False))
        found = stack.enter_context(worker.look(seen))
        writers = {
            name: stack.enter_context(VideoWriter(folder / f"{source.stem}_{name}.mp4", clip))
            for name in painters.each
        }
        for index, frame in enumerate(worker(clip.frames(), found)):
            for name, writer in writers.items():
                writer.write(painters.pictures[name].pop(index), frame.pts, frame.duration)
    return painters
