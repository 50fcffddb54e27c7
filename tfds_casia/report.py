"""Keeps account of what a prepared data set holds and of everything that was left out of it."""

import collections
from collections.abc import Mapping
from typing import Any

from absl import logging

from tfds_casia.naming import SequenceName

# Reasons for which something is not in the prepared data set.
CORRUPT_ARCHIVE = "corrupt_archive"
DUPLICATE_FRAME = "duplicate_frame"
DUPLICATE_SEQUENCE = "duplicate_sequence"
EMPTY_FILE = "empty_file"
MISSING_PLATE = "missing_background"
MISSING_VIDEO = "missing_video"
NO_COLOUR_FRAME = "no_colour_frame"
NO_READABLE_FRAME = "no_readable_frame"
SIZE_DIFFERS = "size_differs"
STRAY_FILE = "stray_file"
UNREADABLE_FOLDER = "unreadable_folder"
UNREADABLE_FRAME = "unreadable_frame"
UNREADABLE_VIDEO = "unreadable_video"
UNSAFE_MEMBER = "unsafe_member"
VIDEO_WITHOUT_SILHOUETTES = "video_without_silhouettes"

# What is in the prepared data set, yet worth knowing.
BLACK_FRAME = "black_frame"
COUNTS_DIFFER = "counts_differ"
FRAME_WITHOUT_COLOUR = "frame_without_colour"
REENCODED_FRAME = "reencoded_frame"

MAX_NAMES = 20


class Report:
    """Counts by reason, with the first names of each.

    Attributes:
        subjects: the subjects that the prepared data set holds.
        sequences: number of sequences it holds.
        frames: number of frames it holds.
    """

    def __init__(self, manual_dir: str) -> None:
        """Starts an empty account.

        Args:
            manual_dir: the resolved folder that the data set is built from.
        """
        self.subjects: set[str] = set()
        self.sequences = 0
        self.frames = 0
        self._manual_dir = manual_dir
        self._skipped: dict[str, list[str]] = collections.defaultdict(list)
        self._noted: dict[str, list[str]] = collections.defaultdict(list)
        self._counts: collections.Counter[str] = collections.Counter()

    def add(self, name: SequenceName, frames: int) -> None:
        """Records a sequence that the prepared data set holds, of so many frames."""
        self.subjects.add(name.subject)
        self.sequences += 1
        self.frames += frames

    def skip(self, reason: str, name: str) -> None:
        """Records that something was left out.

        Args:
            reason: one of this module's constants.
            name: where it was found, relative to the manual directory; a member of an archive is
                written `archive.tar.gz!/path/in/it`.
        """
        self._record(self._skipped, reason, name)

    def note(self, reason: str, name: str) -> None:
        """Records a peculiarity of something that was kept; arguments as in `skip`."""
        self._record(self._noted, reason, name)

    def _record(self, names: dict[str, list[str]], reason: str, name: str) -> None:
        self._counts[reason] += 1
        if len(names[reason]) < MAX_NAMES:
            names[reason].append(name)

    def as_json(self) -> dict[str, object]:
        """Returns the account of a part of the data set, for `merge`, as JSON types."""
        return {**self.as_metadata(), "subjects": sorted(self.subjects)}

    def merge(self, other: Mapping[str, Any]) -> None:
        """Adds the account of a part, as from `as_json`, behind what is in this one."""
        self.subjects.update(other["subjects"])
        self.sequences += other["sequences"]
        self.frames += other["frames"]
        for names, more in ((self._skipped, other["skipped"]), (self._noted, other["noted"])):
            for reason, found in more.items():
                self._counts[reason] += found["count"]
                names[reason] += found["names"][: MAX_NAMES - len(names[reason])]

    def as_metadata(self) -> dict[str, object]:
        """Returns the account as JSON types.

        Returns:
            `manual_dir` (a path), `subjects`, `sequences` and `frames` (numbers), `skipped` and
            `noted`, which map each reason that occurred to its `count` and its first `names`.
        """
        return {
            "manual_dir": self._manual_dir,
            "subjects": len(self.subjects),
            "sequences": self.sequences,
            "frames": self.frames,
            "skipped": self._with_counts(self._skipped),
            "noted": self._with_counts(self._noted),
        }

    def _with_counts(self, names: dict[str, list[str]]) -> dict[str, dict[str, object]]:
        return {
            reason: {"count": self._counts[reason], "names": list(names[reason])}
            for reason in sorted(names)
        }

    def log(self) -> None:
        """Logs the whole account as one message, a warning if anything was left out."""
        lines = [
            f"{self._manual_dir}: {len(self.subjects)} subjects, {self.sequences} sequences, "
            f"{self.frames} frames."
        ]
        for title, names in (("Left out", self._skipped), ("Kept, but note", self._noted)):
            for reason in sorted(names):
                count = self._counts[reason]
                more = ", …" if count > len(names[reason]) else ""
                lines.append(f"{title}: {count} × {reason}: {', '.join(names[reason])}{more}")
        logging.log(logging.WARNING if self._skipped else logging.INFO, "%s", "\n".join(lines))
