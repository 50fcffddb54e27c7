"""Pictures of who has which number in a clip, without anybody in them.

Such a picture may leave the machine as results do: where people are it shows flat patches, without
faces, clothes or outlines, on the scene without anybody. A page (see `comparisons`) may not.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from gait_jax.anonymization.accounts import spread
from gait_jax.anonymization.following import Followed, Following
from gait_jax.anonymization.looking import doubts, look
from gait_jax.anonymization.options import Options
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of, write_bytes
from gait_jax.video.clip import Clip

# Frames of a preview that are spread over the clip, and at most with those for people in none of
# them.
_SPREAD, _MOST = 6, 24
# Pictures in a row, and each one's width in pixels at most.
_COLUMNS, _WIDTH = 3, 640
# Share of the colour circle between two people's: neighbours in number look least alike.
_TURN = 0.382
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclasses.dataclass(frozen=True)
class _Patch:
    """Somebody in a frame of a preview: a patch's corners, [N, 1, 2] int32, in pixels."""

    person: int
    corners: np.ndarray


def preview_video(source: pathlib.Path, out: pathlib.Path, options: Options) -> dict[str, Any]:
    """Draws who is where in a video, by the numbers of its report.

    Args:
      source: the video.
      out: the `.png` to write; replaced where it is there.
      options: as for anonymising: another finder, or part of the clip, gives other numbers.

    Returns:
      What is in it: JSON values.

    Raises:
      InputError: the video cannot be used, or the picture not be written.
    """
    looked = look(Clip.open(source, options.start, options.end), options)
    with looked.sightings(options.progress) as seen:
        # Nobody is anonymised: nothing has to be known of their frames.
        found = Following(seen, lambda mask, corner: (), float(looked.clip.rate))
    with found:
        numbers = {whose.number: person for person, whose in found.people.items()}
        frames = chosen_frames(found.frames, found.people)
        kept = list(found)
        drawn = [
            [
                _Patch(numbers[sight.whose.number], _corners(found.mask(sight), sight.window[:2]))
                for sight in kept[frame]
                if sight.whose.number in numbers
            ]
            for frame in frames
        ]
    shown = {patch.person for patches in drawn for patch in patches}
    warnings = looked.warnings + doubts(looked.scene.plate)
    if missing := [str(person) for person in found.people if person not in shown]:
        warnings.append(f"too many people for one picture: {', '.join(missing)} not in it")
    tiles = [
        draw(looked.scene.at(frame).picture, patches, f"frame {frame}")
        for frame, patches in zip(frames, drawn, strict=True)
    ]
    _, data = cv2.imencode(".png", _sheet(tiles))
    try:
        write_bytes(out, data.tobytes())
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({reason_of(error)}): choose another -o"
        ) from None
    return {
        "input": str(source),
        "output": str(out),
        "numbered": len(found.people),
        "warnings": warnings,
    }


def chosen_frames(count: int, people: dict[int, Followed]) -> list[int]:
    """Some frames spread over a clip, and more for people who are in none of these.

    Args:
      count: of the clip's frames.
      people: those who are to be seen, by number.

    Returns:
      Numbers of frames, from 0, in order.
    """
    frames = set(spread(range(count), _SPREAD))
    for whose in people.values():
        there = sorted(whose.seen)
        if len(frames) < _MOST and not frames & whose.seen:
            frames.add(there[len(there) // 2])
    return sorted(frames)


def _corners(mask: np.ndarray, corner: Sequence[int]) -> np.ndarray:
    """The convex hull of somebody in a frame: outlines are what gait is known by."""
    points = cv2.findNonZero(mask) + np.array(corner, np.int32)
    return cv2.convexHull(points)


def draw(scene: np.ndarray, patches: Iterable[_Patch], title: str) -> np.ndarray:
    """Draws a frame's people with their numbers.

    Args:
      scene: [H, W, 3] uint8 without anybody; it is left as it is.
      patches: of the people.
      title: written into the lower left corner.

    Returns:
      [h, w, 3] uint8, not wider than `_WIDTH`.
    """
    scale = min(1.0, _WIDTH / scene.shape[1])
    size = (max(1, round(scale * scene.shape[1])), max(1, round(scale * scene.shape[0])))
    picture = cv2.resize(scene, size, interpolation=cv2.INTER_AREA)
    scaled = [(one.person, np.rint(scale * one.corners).astype(np.int32)) for one in patches]
    for person, corners in scaled:
        cv2.fillConvexPoly(picture, corners, colour_of(person), cv2.LINE_AA)
        cv2.polylines(picture, [corners], True, _WHITE, 1, cv2.LINE_AA)
    for person, corners in scaled:
        x, y, width, _ = cv2.boundingRect(corners)
        _write(picture, str(person), x + width // 2, y - 4, colour_of(person), middle=True)
    _write(picture, title, 4, picture.shape[0], _WHITE)
    return picture


def colour_of(person: int) -> tuple[int, int, int]:
    """The colour that somebody has in previews: blue, green, red.

    Args:
      person: their number.
    """
    hue = round(180 * (person * _TURN % 1)) % 180
    return tuple(map(int, cv2.cvtColor(np.uint8([[[hue, 200, 240]]]), cv2.COLOR_HSV2BGR)[0, 0]))


def _write(
    picture: np.ndarray, text: str, x: int, y: int, colour: Sequence[int], middle: bool = False
) -> None:
    """Writes a line, in place; `y` is below it, and all of it is within the picture."""
    face, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.6
    (width, height), below = cv2.getTextSize(text, face, scale, 3)
    x = int(np.clip(x - middle * width // 2, 2, max(2, picture.shape[1] - width - 2)))
    y = int(np.clip(y, height + 4, max(height + 4, picture.shape[0] - below)))
    for ink, thick in ((_BLACK, 4), (tuple(colour), 2)):
        cv2.putText(picture, text, (x, y), face, scale, ink, thick, cv2.LINE_AA)


def _sheet(tiles: list[np.ndarray]) -> np.ndarray:
    """Pictures of one size, in rows."""
    columns = min(_COLUMNS, len(tiles))
    empty = [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    framed = [
        cv2.copyMakeBorder(one, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=_WHITE)
        for one in tiles + empty
    ]
    rows = [np.hstack(framed[i : i + columns]) for i in range(0, len(framed), columns)]
    return np.vstack(rows)
