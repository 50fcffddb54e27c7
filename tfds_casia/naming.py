"""What the name of a frame's file says: whose walk, which sequence, which view, which frame."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True, order=True)
class SequenceName:
    """Identity of one walk seen by one camera.

    Attributes:
        key: the name the data set's authors gave it, unique in the data set, e.g. `001-nm-01-090`.
        subject: the person, e.g. `001` or `zdx`.
        condition: `nm` (normal), `bg` (with a bag) or `cl` (in a coat).
        sequence: number of the walk among those of this subject and condition, from 1.
        view: the camera's angle in degrees.
    """

    key: str
    subject: str
    condition: str
    sequence: int
    view: int


@dataclasses.dataclass(frozen=True)
class Naming:
    """How a data set names its frames.

    Attributes:
        pattern: matches a whole file name; has the groups `subject`, `sequence`, `view` and
            `frame`, and `condition` where the data set has more than one.
        key: a format string of the fields of `SequenceName` other than `key`.
        example: the path of one frame as the data set is distributed, for messages.
        video: matches the name of a colour video or of its background; None where the data
            set has none. Has the groups `subject` and `view`, and `condition` and `sequence`, which
            are None for a background.
    """

    pattern: re.Pattern[str]
    key: str
    example: str
    video: re.Pattern[str] | None = None

    def parse(self, file_name: str) -> tuple[SequenceName, int] | None:
        """Returns the sequence and the frame's number, or None if this is no frame's name."""
        match = self.pattern.fullmatch(file_name)
        if match is None:
            return None
        groups = match.groupdict()
        return self._name(groups), int(groups["frame"])

    def parse_video(self, file_name: str) -> SequenceName | tuple[str, int] | None:
        """A video's sequence, a background's subject and view, or None for any other name."""
        match = self.video.fullmatch(file_name) if self.video else None
        if match is None:
            return None
        groups = match.groupdict()
        if groups["sequence"] is None:
            return groups["subject"].lower(), int(groups["view"])
        return self._name(groups)

    def _name(self, groups: dict[str, str]) -> SequenceName:
        fields = {
            "subject": groups["subject"].lower(),
            "condition": groups.get("condition", "nm").lower(),
            "sequence": int(groups["sequence"]),
            "view": int(groups["view"]),
        }
        return SequenceName(key=self.key.format(**fields), **fields)
