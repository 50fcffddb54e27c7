"""How videos are anonymised: what can be said and checked before a model is opened."""

import dataclasses
import math
import pathlib

import numpy as np

from gait_jax.anonymization.choices import BLUR, PARTS, TRANSFER
from gait_jax.data.pictures import read_picture
from gait_jax.runtime.errors import InputError
from gait_jax.video import segmenters


@dataclasses.dataclass(frozen=True)
class Options:
    """How videos are anonymised. Making one raises an `InputError` where they cannot be.

    Attributes:
      colour: one of `choices.COLOURISERS`.
      faces: one of `choices.FACES`.
      colour_checkpoint: workdir of a trained colour-transfer network, for `transfer`.
      background: picture of the scene without anybody; None estimates it from the clip.
      segmenter: `segmenters.PEOPLE`, or see `segmenters.build`.
      masks: folder with a PNG for each frame in place of a segmenter.
      start: seconds after the first frame.
      end: seconds after the first frame.
      keep_audio: whether the sound is taken over.
      difference: whether a video of what changed is written beside the result.
      page: whether a page that shows the clip beside its result is written in place of a video.
      thumbnails: whether small pictures of each person's result are kept for a page.
      only: the numbers of those who are shown (see `Following.people`); empty for everybody.
      left_out: the numbers of those who are not.
      progress: whether to show progress bars.
      threads: that the networks which find people may compute with; nothing else depends on it.
    """

    colour: str = PARTS
    faces: str = BLUR
    colour_checkpoint: pathlib.Path | None = None
    background: pathlib.Path | None = None
    segmenter: str = segmenters.PEOPLE
    masks: pathlib.Path | None = None
    start: float = 0.0
    end: float = math.inf
    keep_audio: bool = False
    difference: bool = False
    page: bool = False
    thumbnails: bool = False
    only: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()
    progress: bool = True
    threads: int = 1

    @property
    def looks_for_people(self) -> bool:
        """Whether BlazePose says who is where."""
        return self.segmenter == segmenters.PEOPLE and not self.masks

    def shows(self, person: int) -> bool:
        """Whether somebody is shown as somebody else; painted out otherwise.

        Args:
          person: their number.
        """
        return person not in self.left_out and (not self.only or person in self.only)

    def __post_init__(self):
        if not 0 <= self.start < self.end:
            raise InputError(
                f"--start {self.start:g} and --end {self.end:g}: the end must lie after the start"
            )
        if (self.colour == TRANSFER) != (self.colour_checkpoint is not None):
            raise InputError(
                "--colour transfer and --colour-checkpoint go together: give the workdir of a run "
                "of configs/colour_transfer.py; no such network ships with gait_jax"
            )
        if not self.masks:
            segmenters.check(self.segmenter)
        if self.background:
            read_background(self.background)


def difference_path(out: pathlib.Path) -> pathlib.Path:
    """Where the video of what changed in `out` is written."""
    return out.with_name(f"{out.stem}_difference.mp4")


def read_background(path: pathlib.Path, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Reads a picture of the scene without anybody: [H, W, 3] uint8.

    Args:
      path: a picture.
      shape: rows and columns that it must have; None for any.

    Raises:
      InputError: it cannot be read, or is of another size.
    """
    found = read_picture(path, colour=True)
    if shape and found.shape[:2] != shape:
        raise InputError(
            f"{path} is {found.shape[1]}×{found.shape[0]}, and the clip {shape[1]}×{shape[0]}: "
            "give a background of the clip's size"
        )
    return found
