"""The clips that are to be rated: a folder for each method, files named as CASIA-B names them."""

import dataclasses
import os
import pathlib
import re
from collections.abc import Sequence
from fractions import Fraction

from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.names import in_order, is_left_over
from gait_jax.video.clip import Clip
from gait_jax.video.writer import VideoWriter

# What clips are called that nobody has changed. They are not rated.
ORIGINAL = "original"
_NAME = re.compile(
    r"(?P<subject>[^\W_]+)-(?P<condition>[a-z]+)-(?P<number>[0-9]{1,4})-(?P<view>[0-9]{1,3})"
    # As `gait_jax.anonymize` names what it makes.
    r"(_anonymized)?\.(mp4|m4v|mov|webm|mkv|avi)",
    re.IGNORECASE,
)
_EXAMPLE = "001-nm-01-090.mp4"


@dataclasses.dataclass(frozen=True, order=True)
class Label:
    """What a clip shows.

    Attributes:
      method: name of the folder that it was in; `ORIGINAL` of what nobody has changed.
      subject: who walks.
      condition: nm, bg or cl in CASIA-B.
      number: of the walk among those of this subject and condition.
      view: degrees.
    """

    method: str
    subject: str
    condition: str
    number: int
    view: int


Shape = tuple[int, int, Fraction]


def find(given: Sequence[str]) -> dict[Label, pathlib.Path]:
    """The clips of all folders.

    Args:
      given: FOLDER, or NAME=FOLDER to call its method otherwise.

    Returns:
      The files by what they show, in order.

    Raises:
      InputError: a folder cannot be read or holds what is no clip, two bear one name, or there is
        no method.
    """
    found: dict[Label, pathlib.Path] = {}
    for text in given:
        name, folder = _named(text)
        if any(label.method == name for label in found):
            raise InputError(f"{text}: {name} is given twice: write NAME=FOLDER to tell them apart")
        found |= _within(name, folder)
    if not any(label.method != ORIGINAL for label in found):
        raise InputError(f"nothing is to be rated but {ORIGINAL}s: give a method's folder, too")
    return dict(sorted(found.items()))


def _named(text: str) -> tuple[str, pathlib.Path]:
    name, equals, rest = text.partition("=")
    # The name of a folder may hold the sign.
    if equals and not pathlib.Path(text).is_dir():
        folder = homes.expanded(rest)
    else:
        folder = homes.expanded(text)
        name = folder.resolve().name
    if not name or not name.isprintable():
        raise InputError(f"{text}: the method has no name: write NAME=FOLDER")
    return name, folder


def _within(method: str, folder: pathlib.Path) -> dict[Label, pathlib.Path]:
    try:
        names = sorted(os.listdir(folder), key=in_order)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be read ({reason_of(error)}): give a folder of clips"
        ) from None
    found: dict[Label, pathlib.Path] = {}
    for name in names:
        if is_left_over(name):
            continue
        path = folder / name
        match = _NAME.fullmatch(name)
        if match is None or not path.is_file():
            raise InputError(
                f"{path} is no clip: name it SUBJECT-CONDITION-NUMBER-VIEW, such as {_EXAMPLE}, or "
                "take it away"
            )
        label = Label(
            method,
            match["subject"],
            match["condition"].lower(),
            int(match["number"]),
            int(match["view"]),
        )
        if label in found:
            raise InputError(f"{path} shows what {found[label].name} does: take one away")
        found[label] = path
    if not found:
        raise InputError(f"{folder} holds no clip: put some there, such as {_EXAMPLE}")
    return found


def encode(source: pathlib.Path, out: pathlib.Path) -> Shape:
    """Writes a clip as browsers play it, without sound, and without anything else of its file.

    All clips go through the same encoder: otherwise its traces would tell one method's clips from
    another's.

    Args:
      source: any video that FFmpeg reads.
      out: an MP4 file.

    Returns:
      (height, width, frames a second).

    Raises:
      InputError: it is no video, is damaged or empty, or `out` cannot be written.
    """
    clip = Clip.open(source)
    with VideoWriter(out, clip) as writer:
        for frame in clip.frames():
            writer.write(frame.image, frame.pts, frame.duration)
    return clip.height, clip.width, clip.rate
