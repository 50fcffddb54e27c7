"""What `situations.py` counts in a clip, from what went in, what came out, and the truth."""

import dataclasses
from collections.abc import Iterable

import cv2
import numpy as np

# Somebody stands where a person is if so much of the person's area is painted, not further from
# their middle than so many of their heights to either side: others walk at paces of their own.
_STANDS, _ASIDE = 1 / 3, 0.4
# A found silhouette is somebody's from this overlap on, of the smaller of both; found well enough
# to be counted as found from this IoU on.
_WHOSE, _FOUND = 0.5, 0.5
# Share of a person's visible pixels that may be left as they were; fewer pixels are no person.
_LEFT, _FEWEST = 0.02, 30
# Sides of squares, pixels: what is finer is no body; holes of bodies that are closed; how near
# outlines lie that are the same.
_SOFT, _CLOSED, _BESIDE = 3, 5, 3
# Every so many pixels tell which light a scene has.
_GRID = np.s_[::8, ::8]


@dataclasses.dataclass(frozen=True)
class Sight:
    """A silhouette that was found: whose, and where: [H, W] bool."""

    number: int
    mask: np.ndarray


def off(one: np.ndarray, other: np.ndarray, limit: float) -> np.ndarray:
    """Where two pictures [H, W, 3] uint8 differ in some channel by more than a limit, [H, W]."""
    return cv2.absdiff(one, other).max(axis=2) > limit


def painted(result: np.ndarray, scene: np.ndarray, limit: float) -> np.ndarray:
    """Where a result shows something else than its scene, small holes closed: bool [H, W].

    Compression smooths a scene's finest lines, which is nobody.
    """
    soft = (cv2.blur(one, (_SOFT, _SOFT)) for one in (result, scene))
    found = off(*soft, limit).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((_SOFT, _SOFT), np.uint8))
    return cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((_CLOSED, _CLOSED), np.uint8)) > 0


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """IoU of two masks; 0 where both are empty."""
    return np.count_nonzero(one & other) / max(np.count_nonzero(one | other), 1)


def stands(body: np.ndarray, masks: np.ndarray) -> list[bool]:
    """Whether somebody stands where each person is.

    Args:
      body: what is painted, [H, W] bool; each column's belongs to whose middle is nearest.
      masks: the people's visible pixels, [P, H, W] bool.

    Returns:
      P flags; False for who is not seen.
    """
    boxes = [cv2.boundingRect(mask.astype(np.uint8)) for mask in masks]
    middles = np.array([x + width / 2 if width else np.inf for x, _, width, _ in boxes])
    column = np.arange(body.shape[1]) + 0.5
    apart = np.abs(column - middles[:, None])
    found = []
    for person, (_, y, _, height) in enumerate(boxes):
        mine = (apart.argmin(axis=0) == person) & (apart[person] <= _ASIDE * height)
        area = np.count_nonzero(body[y : y + height, mine])
        found.append(bool(height and area >= _STANDS * np.count_nonzero(masks[person])))
    return found


def left(
    source: np.ndarray,
    result: np.ndarray,
    empty: np.ndarray,
    body: np.ndarray,
    mask: np.ndarray,
    limit: float,
) -> float:
    """Share of a person's visible pixels that are as they were, outside the painted body.

    Args:
      source: the frame, [H, W, 3] uint8.
      result: what came out.
      empty: the frame without anybody.
      body: what is painted, [H, W] bool.
      mask: the person's visible pixels.
      limit: grey levels of noise; what is clearly somebody lies twice as far from the empty frame.
    """
    kept = mask & ~body & off(source, empty, 2 * limit) & ~off(result, source, limit)
    return np.count_nonzero(kept) / max(np.count_nonzero(mask), 1)


def kept_outline(body: np.ndarray, mask: np.ndarray) -> float:
    """Share of a person's outline on which the painted body's outline lies, within a pixel."""
    own, new = (_outline(one) for one in (mask, body))
    near = cv2.dilate(new.astype(np.uint8), np.ones((_BESIDE, _BESIDE), np.uint8)) > 0
    return np.count_nonzero(own & near) / max(np.count_nonzero(own), 1)


def _outline(mask: np.ndarray) -> np.ndarray:
    inside = cv2.erode(
        mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT
    )
    return mask & (inside == 0)


def changes(flags: Iterable[bool]) -> int:
    """How often a flag changes from one to the next."""
    flags = list(flags)
    return sum(a != b for a, b in zip(flags, flags[1:], strict=False))


def ghost(
    scenes: np.ndarray,
    frames: np.ndarray,
    empty: np.ndarray,
    visible: np.ndarray,
    limit: float,
) -> float:
    """The largest share of a person's pixels in a frame that a scene still shows.

    Args:
      scenes: the result's, [T, H, W, 3] uint8.
      frames: the clip's, likewise.
      empty: the same without anybody.
      visible: the person's pixels, [T, H, W] bool.
      limit: see `left`.
    """
    alike = empty
    if (scenes == scenes[0]).all():
        # In which frame it has the light of a still camera's scene.
        light = scenes[0][_GRID]
        apart = [cv2.absdiff(np.ascontiguousarray(one[_GRID]), light).mean() for one in empty]
        alike = [empty[int(np.argmin(apart))]] * len(empty)
    most = 0.0
    for scene, frame, bare, mask in zip(scenes, frames, alike, visible, strict=True):
        if (count := np.count_nonzero(mask)) >= _FEWEST:
            shows = mask & off(scene, bare, 2 * limit) & ~off(scene, frame, limit)
            most = max(most, np.count_nonzero(shows) / count)
    return most


def whose(seen: list[list[Sight]], visible: np.ndarray) -> dict[int, set[int]]:
    """Which true people each found one is.

    Args:
      seen: silhouettes frame by frame.
      visible: the true people's pixels, bool [P, T, H, W].

    Returns:
      By number, indices of people; none for what is nobody in any frame.
    """
    found: dict[int, set[int]] = {}
    for t, sights in enumerate(seen):
        for sight in sights:
            owners = found.setdefault(sight.number, set())
            for person, mask in enumerate(visible[:, t]):
                least = min(np.count_nonzero(mask), np.count_nonzero(sight.mask))
                if least and np.count_nonzero(mask & sight.mask) >= _WHOSE * least:
                    owners.add(person)
    return found


def listed(described: dict) -> set[int]:
    """Frames in which a person of a report is hidden, for whatever reason."""
    return {
        frame
        for ranges in described["hidden"].values()
        for first, last in ranges
        for frame in range(first, last + 1)
    }


def count(
    frames: np.ndarray,
    result: np.ndarray,
    scenes: np.ndarray,
    truth,
    seen: list[list[Sight]],
    people: dict[int, dict],
    limit: float,
) -> dict:
    """Counts everything in a clip.

    Args:
      frames: the clip as it was read, [T, H, W, 3] uint8.
      result: what became of it.
      scenes: what the result shows where nobody is, [T, H, W, 3].
      truth: a `filming.Filmed`.
      seen: what was found, frame by frame.
      people: the report's, by the number that they have in `seen`.
      limit: grey levels of noise.

    Returns:
      Shares from 0 to 1, None of nothing; `left_frames` are the unlisted ones of each person.
    """
    owners = whose(seen, truth.visible)
    shown, found, ious, kept, blinks, ghosts = [], [], [], [], 0, []
    left_frames: list[list[int]] = []
    worst = 0.0
    unsaid = 0
    bodies = [painted(*pair, limit) for pair in zip(result, scenes, strict=True)]
    standing = [stands(body, truth.visible[:, t]) for t, body in enumerate(bodies)]
    for person, visible in enumerate(truth.visible):
        hidden = set().union(
            *(listed(people[n]) for n, who in owners.items() if n in people and person in who)
        )
        flags, unlisted = [], []
        for t, mask in enumerate(visible):
            if np.count_nonzero(mask) < _FEWEST:
                continue
            share = left(frames[t], result[t], truth.empty[t], bodies[t], mask, limit)
            worst = max(worst, share)
            if share > _LEFT and t not in hidden:
                unlisted.append(t)
            if truth.whole[person, t]:
                flags.append(standing[t][person])
                unsaid += not flags[-1] and t not in hidden
                if flags[-1]:
                    kept.append(kept_outline(bodies[t], mask))
                best = max((overlap(one.mask, mask) for one in seen[t]), default=0.0)
                found.append(best >= _FOUND)
                if found[-1]:
                    ious.append(best)
        shown += flags
        blinks += changes(flags)
        left_frames.append(unlisted)
        ghosts.append(ghost(scenes, frames, truth.empty, visible, limit))
    return {
        "whole": len(shown),
        "shown": _mean(shown),
        "blinks": 100 * blinks / len(shown) if shown else None,
        "unsaid": unsaid,
        "unlisted": sum(map(len, left_frames)),
        "left_frames": left_frames,
        "left_worst": worst,
        "people_true": len(truth.visible),
        "people": len(people),
        "false_people": sum(not owners.get(number) for number in people),
        "ghosts": max(ghosts, default=0.0),
        "found": _mean(found),
        "iou": _mean(ious),
        "outline_kept": _mean(kept),
    }


def _mean(values: list) -> float | None:
    return float(np.mean(values)) if values else None
