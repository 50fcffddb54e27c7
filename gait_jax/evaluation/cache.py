"""Parts of a long job: what is done under the same settings is not done again."""

import pathlib
from collections.abc import Callable
from typing import TypeVar

from absl import logging

_T = TypeVar("_T")


def cached(path: pathlib.Path, make: Callable[[], _T], save: Callable, load: Callable) -> _T:
    """What a part of a job makes: read where it is kept, made and kept where not.

    Args:
      path: the file, named by a fingerprint of everything that the part depends on.
      make: does the part.
      save: writes (path, result) whole or not at all.
      load: reads what `save` wrote.
    """
    if path.exists():
        logging.info("%s is done already.", path.stem)
        return load(path)
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, made)
    return made
