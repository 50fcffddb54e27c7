"""The key of a page: what its clips are, for those who analyse and not for those who rate."""

import dataclasses
import pathlib
from typing import Any

from gait_jax.evaluation.mos.clips import ORIGINAL, Label
from gait_jax.evaluation.mos.plan import FOUR
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of

_TYPES = {"method": str, "subject": str, "condition": str, "number": int, "view": int}


@dataclasses.dataclass(frozen=True)
class Key:
    """What a page shows.

    Attributes:
      page: its name, which ratings bear, too.
      clips: what each clip shows, by the name that raters know.
      sheets: names of the clips that one rater rates, of each of several.
      fours: names of the clips of each set of four.
    """

    page: str
    clips: dict[str, Label]
    sheets: list[list[str]]
    fours: list[list[str]]

    def save(self, path: pathlib.Path) -> None:
        """Writes it."""
        records.write_json(path, dataclasses.asdict(self))

    @classmethod
    def load(cls, path: pathlib.Path) -> "Key":
        """Reads what `save` wrote.

        Raises:
          InputError: it cannot be read, or is no key.
        """
        try:
            return _key(parse_json(read_regular(path)))
        except OSError as error:
            reason = reason_of(error)
        except (ValueError, TypeError, KeyError, AttributeError):
            reason = "it is damaged, or no key"
        raise InputError(
            f"{path} cannot be read ({reason}): give the key that python -m gait_jax.mos page "
            "wrote beside the page"
        )


def _key(value: dict[str, Any]) -> Key:
    clips = {}
    for name, told in value["clips"].items():
        if {field: type(told[field]) for field in told} != _TYPES:
            raise ValueError(f"clip {name}")
        if not told["method"].isprintable():
            raise ValueError(f"clip {name}")
        clips[name] = Label(**told)
    groups = [*value["sheets"], *value["fours"]]
    if not all(isinstance(group, list) for group in groups):
        raise ValueError("groups")
    if not {name for group in groups for name in group} <= clips.keys():
        raise ValueError("groups name other clips")
    for group in value["fours"]:
        if len(group) != FOUR or sum(clips[name].method != ORIGINAL for name in group) != 1:
            raise ValueError("sets of four")
    if not isinstance(value["page"], str):
        raise ValueError("page")
    return Key(value["page"], clips, value["sheets"], value["fours"])
