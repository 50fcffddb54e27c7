"""A strip of small pictures for each person of a clip, out of its result."""

import base64
import collections
from collections.abc import Iterable, Iterator
from typing import Any

import cv2
import numpy as np

from gait_jax.anonymization.accounts import spread
from gait_jax.anonymization.following import Following
from gait_jax.video.clip import Frame
from gait_jax.video.people import Box

# Pictures of a person at most, and each one's size at most, in pixels: width, height.
_MOST, _SIZE = 6, (200, 160)


class Strips:
    """Cuts people's places out of a result's frames on their way."""

    def __init__(self, found: Following):
        """Chooses frames that are spread over each person's.

        Args:
          found: who is where in the clip.
        """
        self._wanted: dict[int, list[tuple[int, Box]]] = collections.defaultdict(list)
        self._cut: dict[int, list[tuple[int, str]]] = {person: [] for person in found.people}
        kept = list(found)
        for person, whose in found.people.items():
            for frame in spread(sorted(whose.seen), _MOST):
                (sight,) = (one for one in kept[frame] if one.whose is whose)
                # All of it: a stand-in walks beside where the original walked.
                self._wanted[frame].append((person, sight.window))

    def over(self, results: Iterable[Frame]) -> Iterator[Frame]:
        """Passes a result's frames on.

        Args:
          results: of the clip, as they leave: nothing else is looked at.
        """
        for index, frame in enumerate(results):
            for person, window in self._wanted.get(index, ()):
                self._cut[person].append((index, _cut(frame.image, window)))
            yield frame

    def described(self) -> dict[int, list[dict[str, Any]]]:
        """For a report: by person {"frame": its number, "jpeg": in base64}, in order."""
        return {
            person: [{"frame": frame, "jpeg": jpeg} for frame, jpeg in cut]
            for person, cut in self._cut.items()
        }


def _cut(image: np.ndarray, window: Box) -> str:
    x, y, width, height = window
    scale = min(1.0, _SIZE[0] / width, _SIZE[1] / height)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    part = image[y : y + height, x : x + width]
    _, data = cv2.imencode(".jpg", cv2.resize(part, size, interpolation=cv2.INTER_AREA))
    return base64.b64encode(data.tobytes()).decode()
