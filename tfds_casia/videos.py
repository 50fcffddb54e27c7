"""Finds the colour videos of a data set, reads them, and joins them with silhouettes."""

import functools
import itertools
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np

from tfds_casia import report
from tfds_casia.files import open_regular
from tfds_casia.naming import Naming, SequenceName
from tfds_casia.report import Report
from tfds_casia.silhouette_sequences import relative, walk
from tfds_casia.walkers import encoding

# A background is the median of so many frames, spread over the video.
_PLATE_FRAMES = 25


class UnreadableVideoError(ValueError):
    """A file that is no video, or of which not one frame can be read."""


def read(path: str) -> Iterator[np.ndarray]:
    """Yields a video's frames, of a torn one those before the tear.

    Yields:
        Pictures, uint8 blue, green, red [H, W, 3].

    Raises:
        UnreadableVideoError: there is none, or their size changes.
    """
    _check(path)
    video = cv2.VideoCapture(path)
    try:
        count, size = 0, None
        while True:
            found, frame = video.read()
            if not found:
                break
            count, size = count + 1, size or frame.shape
            if frame.shape != size:
                raise UnreadableVideoError("its frames change their size")
            yield frame
    finally:
        video.release()
    if not count:
        raise UnreadableVideoError("no readable frame")


def _check(path: str) -> None:
    """Raises an `UnreadableVideoError` unless a file begins as the data sets' videos do.

    OpenCV would wait for a pipe, crash on a name that is not UTF-8, and take a text for a list of
    other files to read.
    """
    try:
        path.encode()
        with open_regular(path) as file:
            start = file.read(12)
    except (OSError, UnicodeEncodeError) as error:
        raise UnreadableVideoError("not readable") from error
    if start[:4] != b"RIFF" or start[8:] != b"AVI ":
        raise UnreadableVideoError("no AVI file")


# Sequences lie in the order of their keys: a background is asked for by all of one subject's
# sequences, view by view.
@functools.lru_cache(maxsize=16)
def background_of(path: str) -> np.ndarray:
    """The scene that a video of the empty scene shows: the median of its frames, [H, W, 3] uint8.

    Raises:
        UnreadableVideoError: it has no frame, or frames of several sizes.
    """
    count = sum(1 for _ in read(path))
    frames = itertools.islice(read(path), 0, None, -(-count // _PLATE_FRAMES))
    return np.median(np.stack(list(frames)), axis=0).round().astype(np.uint8)


# A video's sequence, or a background's subject and view.
VideoName = SequenceName | tuple[str, int]


def find_videos(root: pathlib.Path, naming: Naming, account: Report) -> dict[VideoName, str]:
    """Finds the videos and backgrounds below a folder, at any depth, but not in archives.

    Args:
        root: the folder to search; links in it are followed.
        naming: how the data set names its videos.
        account: receives those that were found before under the same name.

    Returns:
        Their paths, in the order in which they were found.
    """
    found: dict[VideoName, str] = {}
    # Folders that cannot be read are in the account since the search for silhouettes.
    for folder, file_names in walk(root, Report(str(root))):
        for file_name in file_names:
            name = naming.parse_video(file_name)
            path = os.path.join(folder, file_name)
            if name is not None and found.setdefault(name, path) != path:
                account.skip(report.DUPLICATE_SEQUENCE, relative(path, root))
    return found


class Videos:
    """Videos and backgrounds, to be joined with silhouettes.

    A video's first frame has number 1, and the silhouette of number n was cut out of frame n. There
    are fewer silhouettes than frames in most sequences, so their positions say nothing.
    """

    def __init__(self, root: pathlib.Path, paths: Mapping[VideoName, str], account: Report) -> None:
        """Takes what `find_videos` found, or a part of it.

        Args:
            root: the folder that was searched.
            paths: of the videos and backgrounds.
            account: receives what is left out.
        """
        self._root, self._account, self._paths = root, account, paths
        # So that a background that cannot be read is told of once.
        self._background = functools.cache(self._read_background)

    def _relative(self, path: str) -> str:
        return relative(path, self._root)

    def without(self, found: list[SequenceName]) -> None:
        """Accounts for the videos of which no silhouettes were found."""
        known = set(found)
        for name, path in sorted(self._paths.items(), key=lambda item: item[1]):
            if isinstance(name, SequenceName) and name not in known:
                self._account.skip(report.VIDEO_WITHOUT_SILHOUETTES, self._relative(path))

    def of(self, names: list[SequenceName]) -> dict[VideoName, str]:
        """Returns the paths of the videos of some sequences, and of their backgrounds."""
        wanted = [*names, *((name.subject, name.view) for name in names)]
        return {name: self._paths[name] for name in wanted if name in self._paths}

    def _read_background(self, subject: str, view: int) -> np.ndarray | None:
        path = self._paths.get((subject, view))
        try:
            return None if path is None else background_of(path)
        except UnreadableVideoError as error:
            self._account.skip(report.UNREADABLE_VIDEO, f"{self._relative(path)} ({error})")
            return None

    def add_colour(self, name: SequenceName, example: dict[str, Any]) -> dict[str, Any] | None:
        """Joins a sequence's silhouettes with the frames of the same numbers.

        Args:
            name: the sequence.
            example: its silhouettes.

        Returns:
            The example with `colour_frames` and `background`, without the silhouettes of which the
            video has no frame; None, with the reason in the account, where nothing can be joined.
        """
        path = self._paths.get(name)
        if path is None:
            self._account.skip(report.MISSING_VIDEO, name.key)
            return None
        wanted = dict(zip(example["frame_numbers"], example["frames"], strict=True))
        colour, total, size = {}, 0, None
        try:
            for number, frame in enumerate(read(path), start=1):
                total, size = number, frame.shape
                if number in wanted:
                    colour[number] = encoding.jpeg(frame)
        except UnreadableVideoError as error:
            self._account.skip(report.UNREADABLE_VIDEO, f"{self._relative(path)} ({error})")
            return None
        if not colour:
            self._account.skip(report.NO_COLOUR_FRAME, name.key)
            return None
        background = self._background(name.subject, name.view)
        if background is None:
            self._account.skip(report.MISSING_PLATE, name.key)
            return None
        silhouette = cv2.imdecode(
            np.frombuffer(wanted[min(colour)], np.uint8), cv2.IMREAD_GRAYSCALE
        )
        if not silhouette.shape == background.shape[:2] == size[:2]:
            self._account.skip(report.SIZE_DIFFERS, name.key)
            return None
        for number in sorted(wanted.keys() - colour.keys()):
            self._account.note(report.FRAME_WITHOUT_COLOUR, f"{name.key}-{number:03d}")
        if len(wanted) != total:
            self._account.note(
                report.COUNTS_DIFFER,
                f"{name.key} ({len(wanted)} silhouettes, {total} colour frames)",
            )
        return {
            **example,
            "frames": [wanted[number] for number in colour],
            "frame_numbers": list(colour),
            "colour_frames": list(colour.values()),
            "background": encoding.png(background),
        }
