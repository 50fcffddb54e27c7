"""What became of whom: of each person, the frames in which they are shown or hidden, and why."""

import collections
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

# Why somebody is hidden whom the command line did not choose (see `options.Options.shows`).
NOT_CHOSEN = "not chosen"

# Of how many people, and stretches of frames, a line says more than how many there are.
_NAMED = 4


@dataclasses.dataclass
class Account:
    """What became of one person.

    Attributes:
      first: the first frame with them, from 0.
      last: the last one.
      shown: frames in which somebody else stands there.
      hidden: frames in which nobody does, by reason.
      told: what can be told of them from the result, where the method can say it (see
        `contracts.Anonymizer.told`).
    """

    first: int
    last: int
    shown: set[int] = dataclasses.field(default_factory=set)
    hidden: dict[str, set[int]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(set)
    )
    told: str | None = None

    def described(self, person: int) -> dict[str, Any]:
        """For a report: JSON values.

        Args:
          person: their number.
        """
        return {
            "person": person,
            "frames": [self.first, self.last],
            "shown": ranges(self.shown),
            "hidden": {reason: ranges(frames) for reason, frames in sorted(self.hidden.items())},
            **({"told": self.told} if self.told else {}),
        }


def ranges(frames: Iterable[int]) -> list[list[int]]:
    """{1, 2, 3, 7} → [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for frame in sorted(frames):
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    return found


def spread(frames: Sequence[int], most: int) -> list[int]:
    """The middles of so many equal parts of some frames; all of fewer."""
    parts = min(most, len(frames))
    return [frames[(2 * part + 1) * len(frames) // (2 * parts)] for part in range(parts)]


def frames_said(spans: Iterable[Sequence[int]]) -> str:
    """[[1, 3], [7, 7]] → "1–3, 7"."""
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)


def summary(people: list[dict[str, Any]]) -> str:
    """A line that says what became of some people.

    Args:
      people: as described (see `Account.described`).
    """
    if not people:
        return "nobody was found"
    always = [one["person"] for one in people if not one["hidden"] and one["shown"]]
    others = [one["person"] for one in people if list(one["hidden"]) == [NOT_CHOSEN]]
    never = [one["person"] for one in people if not one["shown"] and one["person"] not in others]
    partly = [one for one in people if one["shown"] and one["hidden"]]
    parts = []
    if always:
        parts.append(f"{_counted(always)} shown in all of their frames")
    for one in partly[:_NAMED]:
        spans = sorted(span for found in one["hidden"].values() for span in found)
        parts.append(
            f"person {one['person']} hidden in {_frames(spans)} ({', '.join(one['hidden'])})"
        )
    if partly[_NAMED:]:
        parts.append(f"{len(partly[_NAMED:])} more hidden in some frames")
    if never:
        parts.append(f"{_counted(never)} never shown")
    if others:
        parts.append(f"{_counted(others)} {NOT_CHOSEN}")
    return f"{_people(len(people))}: " + "; ".join(parts)


def said(entry: dict[str, Any]) -> str:
    """What became of a video or its preview, in a line without the file's name.

    Args:
      entry: of the report (see `videos.anonymize_video`, `previews.preview_video`).
    """
    if "frames" in entry:
        frames = "1 frame" if entry["frames"] == 1 else f"{entry['frames']} frames"
        return f"{frames}, {entry['summary']}"
    count = entry["numbered"]
    return "nobody was found" if not count else f"{_people(count)}, numbered from 1"


def more(entry: dict[str, Any]) -> list[str]:
    """What else there is to say of it: lines.

    Args:
      entry: likewise.
    """
    told: dict[str, list[str]] = {}
    for one in entry.get("people", ()):
        # Of whom nothing is shown, nothing is told.
        if "told" in one and one["shown"]:
            told.setdefault(one["told"], []).append(str(one["person"]))
    found = [f"tells of person {', '.join(people)} {line}" for line, people in told.items()]
    for reason, spans in entry.get("painted_out", {}).items():
        frames = sum(last - first + 1 for first, last in spans)
        found.append(f"painted out in {frames} frame{'s' * (frames != 1)}: {reason}")
    return found + entry["warnings"]


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _counted(people: list[int]) -> str:
    if len(people) == 1:
        return f"person {people[0]}"
    return f"{len(people)} ({', '.join(map(str, people))})"


def _frames(spans: list[list[int]]) -> str:
    joined = ranges({frame for first, last in spans for frame in range(first, last + 1)})
    said = frames_said(joined[:_NAMED])
    if len(joined) > _NAMED:
        said += f" and {len(joined) - _NAMED} more"
    return (
        f"frame {said}" if len(joined) == 1 and joined[0][0] == joined[0][1] else f"frames {said}"
    )
