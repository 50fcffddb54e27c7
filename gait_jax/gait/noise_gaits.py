"""Another person's recorded gait as noise (Tieu et al. 2017): which one it is."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from gait_jax.gait import contour
from gait_jax.gait.codec import RESAMPLED, BodyFrame, ContourCodec

# Points of the outlines by which walks are compared.
OUTLINE = ContourCodec(RESAMPLED, 32)
# Room for a name, in bytes.
NAME = 64


def shapes(walks: int, frames: int, points: int) -> dict[str, tuple[tuple[int, ...], type]]:
    """Shapes and types of what is kept of noise gaits, by name; zero where there is no walk.

    "contours" are the first usable frames in body heights, all points valid and at equal arc
    length; "names" of their people are UTF-8 with zeros after it; `RecordedWalks` says the rest.

    Args:
      walks: G, room for walks.
      frames: L, room for frames of each.
      points: P, of a contour.
    """
    return {
        "people": ((walks,), np.int32),
        "views": ((walks,), np.int32),
        "lengths": ((walks,), np.int32),
        "outlines": ((walks, OUTLINE.points, 2), np.float32),
        "contours": ((walks, frames, points, 2), np.float16),
        "names": ((walks, NAME), np.uint8),
    }


def name_of(row: np.ndarray) -> str:
    """The name in a row of "names" (see `shapes`)."""
    return bytes(row).rstrip(b"\0").decode()


@dataclasses.dataclass(frozen=True)
class RecordedWalks:
    """What is known of walks whose gaits may serve as noise.

    Attributes:
      people: [G] int numbers of whose they are.
      views: [G] int directions of walking in degrees.
      lengths: [G] int usable frames; 0 where there is no walk.
      outlines: [G, K, 2] means over frames of the outlines (see `outline`), body heights.
    """

    people: np.ndarray
    views: np.ndarray
    lengths: np.ndarray
    outlines: np.ndarray

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "RecordedWalks":
        """Those of what is kept of noise gaits (see `shapes`)."""
        return cls(
            **{field.name: np.asarray(arrays[field.name]) for field in dataclasses.fields(cls)}
        )


def outline(mask: np.ndarray) -> np.ndarray:
    """A silhouette's outline in few points.

    Args:
      mask: [H, W] uint8 of 0 and 1, not empty.

    Returns:
      [K, 2] float32 in body heights, at equal arc length.
    """
    path = contour.trace(mask)
    return OUTLINE.encode_path(path, BodyFrame.of_path(path))[0]


def choose(
    walks: RecordedWalks,
    length: int,
    outline: np.ndarray,
    candidates: int,
    view: int | None = None,
    person: int | None = None,
) -> int:
    """The walk whose gait is the noise of another one.

    2019 §1 says of it what it must be, and not how it is found: another person's, different from
    the original, of similar length, in the same view. Here, of each other person the walk in the
    same view that is nearest in length; of these, the few that are nearest; and of these the one
    whose mean outline is farthest from the original's. Nothing in it is random.

    Args:
      walks: those there are.
      length: the original's usable frames.
      outline: [K, 2] the mean of its outlines.
      candidates: among how many people the farthest is taken; 2 at least, so that a person whose
        own walk is there, at no distance, does not get it.
      view: the original's direction of walking in degrees; None where nobody knows: it is that of
        the walk whose mean outline is nearest.
      person: whose walks do not count; None where nobody knows.

    Returns:
      Its number, 0..G - 1; the first of several.

    Raises:
      ValueError: nobody else has a walk in that view.
    """
    there = walks.lengths > 0
    away = np.abs(walks.outlines - outline).sum(-1).mean(-1)
    if view is None:
        view = walks.views[np.argmin(np.where(there, away, np.inf))]
    others = there if person is None else there & (walks.people != person)
    here = np.flatnonzero(others & (walks.views == view))
    if not here.size:
        raise ValueError(f"nobody else has a walk in view {view}")
    nearest = here[np.argsort(np.abs(walks.lengths[here] - length), kind="stable")]
    _, of_each = np.unique(walks.people[nearest], return_index=True)
    similar = nearest[np.sort(of_each)[:candidates]]
    return int(similar[np.argmax(away[similar])])
