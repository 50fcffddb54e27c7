"""Names of files: the order that people mean by them, and those that nobody gave."""

import re

# What systems leave beside files: of macOS, Windows and network drives.
_LEFT = frozenset({"__macosx", ".appledouble", "@eadir", ".ds_store", "thumbs.db", "desktop.ini"})


def in_order(name: str) -> tuple[list[str | int], str]:
    """What to sort names by, so that 2 comes before 10: numbers in them count as such."""
    parts: list[str | int] = list(re.split(r"([0-9]+)", name))
    # Text and numbers take turns, from a text that may be empty.
    parts[1::2] = [int(number) for number in parts[1::2]]
    return parts, name


def is_left_over(name: str) -> bool:
    """Whether a file or folder was put there by the system: AppleDouble's `._walk.png`, say."""
    return name.startswith("._") or name.lower() in _LEFT
