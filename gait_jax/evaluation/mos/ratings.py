"""What raters answered: a file for each, as the page saves it."""

import dataclasses
import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from gait_jax.evaluation.mos.key import Key
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import parse_json, read_regular, reason_of
from gait_jax.runtime.names import in_order, is_left_over

# From bad to excellent (2019 §4.3).
LOWEST, HIGHEST = 1, 5
# What raters may be called. Nothing else ever becomes a part of a file's name.
CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")
# Bytes: a rating takes 25 of them.
LARGEST = 2**20


@dataclasses.dataclass(frozen=True)
class Answers:
    """All that one rater answered.

    Attributes:
      page: name of the page.
      rater: the rater's code.
      sheet: which of the page's selections of clips it was.
      ratings: 1 to 5 by clip, in the order in which they were shown.
      chosen: of each set of four, in the order in which they were shown: the clips from left to
        right, and the one that is said not to be real.
    """

    page: str
    rater: str
    sheet: int
    ratings: dict[str, int]
    chosen: list[tuple[tuple[str, ...], str]]


@dataclasses.dataclass(frozen=True)
class Unusable:
    """A file that nothing is taken from.

    Attributes:
      path: of the file.
      reason: why, in a line.
    """

    path: pathlib.Path
    reason: str

    def __str__(self):
        return f"{self.path}: {self.reason}"


def parse(data: bytes) -> Answers:
    """Reads a rater's file.

    Raises:
      ValueError: it is none; says what is wrong.
    """
    try:
        value = parse_json(data)
    except ValueError as error:
        raise ValueError(f"it is damaged ({reason_of(error)})") from None
    names = [field.name for field in dataclasses.fields(Answers)]
    if not isinstance(value, dict) or sorted(value) != sorted(names):
        raise ValueError("it is not what the page saves")
    page, rater, sheet, ratings, chosen = (value[name] for name in names)
    if not isinstance(page, str):
        raise ValueError("it names no page")
    if not isinstance(rater, str) or not CODE.fullmatch(rater):
        raise ValueError("it names no rater")
    if type(sheet) is not int or sheet < 0:
        raise ValueError("it names no selection of clips")
    return Answers(page, rater, sheet, _ratings(ratings), _chosen(chosen))


def _ratings(value: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for pair in _list(value):
        clip, rating = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if not isinstance(clip, str) or type(rating) is not int:
            raise ValueError("a rating is damaged")
        if not LOWEST <= rating <= HIGHEST:
            raise ValueError(f"a rating is {rating}, not {LOWEST} to {HIGHEST}")
        if clip in found:
            raise ValueError("a clip is rated twice")
        found[clip] = rating
    return found


def _chosen(value: Any) -> list[tuple[tuple[str, ...], str]]:
    found = []
    for one in _list(value):
        right = isinstance(one, dict) and sorted(one) == ["chosen", "shown"]
        if not right or one["chosen"] not in _list(one["shown"]):
            raise ValueError("a choice among four is damaged")
        if not all(isinstance(name, str) for name in one["shown"]):
            raise ValueError("a choice among four is damaged")
        found.append((tuple(one["shown"]), one["chosen"]))
    return found


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("it is not what the page saves")
    return value


def read(given: Sequence[pathlib.Path], key: Key) -> tuple[list[Answers], list[Unusable]]:
    """Reads the files of all raters.

    Args:
      given: files, and folders of them.
      key: the page's.

    Returns:
      (what the raters answered, in the order of their codes; files that cannot be used).

    Raises:
      InputError: a folder cannot be read, or there is no file.
    """
    found: dict[str, tuple[pathlib.Path, bytes, Answers]] = {}
    wrong: list[Unusable] = []
    twice: set[str] = set()
    # One that stands in a folder may be named, too.
    paths = [*{path.resolve(): path for path in _files(given)}.values()]
    if not paths:
        raise InputError(f"{', '.join(map(str, given))}: no file of ratings is there")
    for path in paths:
        try:
            data = read_regular(path)
            answers = _complete(parse(data), key)
        except (OSError, ValueError) as error:
            wrong.append(Unusable(path, reason_of(error)))
            continue
        before = found.get(answers.rater)
        if before is None:
            found[answers.rater] = path, data, answers
        elif before[1] == data:
            wrong.append(Unusable(path, f"the same as {before[0].name}"))
        else:
            # Which of them is this rater's nobody can tell.
            twice.add(answers.rater)
            wrong.append(Unusable(path, f"rater {answers.rater} stands in {before[0].name}, too"))
    for rater in sorted(twice):
        path, _, _ = found.pop(rater)
        wrong.append(Unusable(path, f"rater {rater} stands in other files, too"))
    return [found[rater][2] for rater in sorted(found, key=in_order)], wrong


def _files(given: Sequence[pathlib.Path]) -> Iterator[pathlib.Path]:
    for path in given:
        try:
            inside = path.is_dir() and sorted((each.name for each in path.iterdir()), key=in_order)
        except OSError as error:
            raise InputError(
                f"{path} cannot be read ({reason_of(error)}): give a folder of ratings"
            ) from None
        if inside is False:
            yield path
        else:
            # What is hidden is being written.
            yield from (
                path / name for name in inside if not is_left_over(name) and name[:1] != "."
            )


def _complete(answers: Answers, key: Key) -> Answers:
    """The same answers, if they are all that this page asks for.

    Raises:
      ValueError: they are not.
    """
    if answers.page != key.page:
        raise ValueError("it is of another page than the key")
    if answers.sheet >= len(key.sheets):
        raise ValueError("its selection of clips is not the page's")
    wanted = set(key.sheets[answers.sheet])
    if not answers.ratings.keys() <= wanted:
        raise ValueError("it rates clips that the page did not show to this rater")
    asked = sorted(sorted(group) for group in key.fours)
    got = sorted(sorted(shown) for shown, _ in answers.chosen)
    if answers.ratings.keys() != wanted or len(got) < len(asked):
        raise ValueError(
            f"rater {answers.rater} did not finish ({len(answers.ratings)} of {len(wanted)} clips, "
            f"{len(got)} of {len(asked)} sets of four)"
        )
    if got != asked:
        raise ValueError("its sets of four are not the page's")
    return answers
