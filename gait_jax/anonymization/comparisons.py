"""A page that shows a clip and its result side by side.

It holds the original's pictures, and is for nobody but whoever may see these: what can be shared
is a result, its report, or a preview (see `previews`).
"""

import base64
import dataclasses
import hashlib
import math
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import cv2
import numpy as np

from gait_jax.anonymization.accounts import more, said
from gait_jax.anonymization.following import Following, Sight
from gait_jax.anonymization.previews import colour_of
from gait_jax.runtime import pages
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of, replacing
from gait_jax.video.clip import Clip, Frame

# Pairs of pictures at most, and the longer side of each in pixels at most: a page of a few tens of
# MB, which browsers open, whatever the clip's length and size.
_MOST, _LONGEST, _QUALITY = 240, 640, 80


@dataclasses.dataclass(frozen=True)
class _Pair:
    """A frame before and after: JPEGs in base64, with when it is shown, in seconds."""

    frame: int
    seconds: float
    original: str
    result: str


class Comparison:
    """Keeps small pictures of a clip and of its result, on the result's way."""

    def __init__(self, found: Following, clip: Clip):
        """Chooses frames: all of a short clip, else every k-th.

        Args:
          found: who is where in the clip.
          clip: the original, which is decoded once more beside the result.
        """
        self._clip, self._count = clip, found.frames
        self._step = max(1, math.ceil(found.frames / _MOST))
        width, height = float(clip.width * clip.pixel_aspect), clip.height
        scale = min(1.0, _LONGEST / max(width, height))
        self._size = max(1, round(scale * width)), max(1, round(scale * height))
        numbers = {whose: person for person, whose in found.people.items()}
        # By frame: people's boxes [person, x, y, width, height], in a picture's pixels.
        self._boxes: dict[int, list[list[int]]] = {
            index: [
                [numbers[sight.whose], *self._scaled(sight)]
                for sight in kept
                if sight.whose in numbers
            ]
            for index, kept in enumerate(found)
            if index % self._step == 0
        }
        self._pairs: list[_Pair] = []

    def over(self, results: Iterable[Frame]) -> Iterator[Frame]:
        """Passes a result's frames on.

        Args:
          results: of the clip, as they would leave.
        """
        originals = self._clip.frames(self._boxes.__contains__)
        for index, (result, original) in enumerate(zip(results, originals, strict=True)):
            if index in self._boxes:
                seconds = self._clip.start + float(result.pts * self._clip.time_base)
                self._pairs.append(
                    _Pair(index, seconds, self._jpeg(original.image), self._jpeg(result.image))
                )
            yield result

    def write(self, out: pathlib.Path, entry: dict[str, Any]) -> None:
        """Writes the page, whole or not at all; the pictures are those that were passed on.

        Args:
          out: the `.html` to write; it needs no other file.
          entry: what became of the clip (see `videos.compare_video`).

        Raises:
          InputError: it cannot be written.
        """
        environment = pages.environment("gait_jax.anonymization")
        script = environment.get_template("comparison.js.j2").render()
        parts = environment.get_template("comparison.html.j2").generate(
            entry=entry,
            lines=[said(entry), *more(entry | {"warnings": []})],
            step=self._step,
            size=self._size,
            clip=self._described(entry),
            pairs=self._pairs,
            script=_safe(script),
            # No other script runs, whatever a name of a file may say.
            hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
        try:
            with (
                replacing(out) as partial,
                # Names of files need not be UTF-8, nor text at all: all else is.
                partial.open(
                    "w", encoding="utf-8", errors="backslashreplace", newline="\n"
                ) as page,
            ):
                page.writelines(parts)
        except OSError as error:
            raise InputError(
                f"{out} cannot be written ({reason_of(error)}): choose another -o"
            ) from None

    def _described(self, entry: dict[str, Any]) -> dict[str, Any]:
        """What the page's script needs to know: JSON values."""
        return {
            "frames": self._count,
            "size": self._size,
            "pairs": [
                {
                    "frame": pair.frame,
                    "seconds": round(pair.seconds, 3),
                    "boxes": self._boxes[pair.frame],
                }
                for pair in self._pairs
            ],
            "people": [
                {
                    "person": one["person"],
                    "shown": one["shown"],
                    "hidden": one["hidden"],
                    "colour": "#{2:02x}{1:02x}{0:02x}".format(*colour_of(one["person"])),
                }
                for one in entry["people"]
            ],
        }

    def _scaled(self, sight: Sight) -> list[int]:
        """Somebody's box, in a picture's pixels."""
        across, down = self._size[0] / self._clip.width, self._size[1] / self._clip.height
        x, y, width, height = sight.box
        return [round(across * x), round(down * y), round(across * width), round(down * height)]

    def _jpeg(self, image: np.ndarray) -> str:
        small = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
        return base64.b64encode(data.tobytes()).decode()


def _safe(script: str) -> str:
    """A script of our own, which is no text to escape."""
    import markupsafe  # With Jinja2: most commands write no page, and should not wait for it.

    return markupsafe.Markup(script)
