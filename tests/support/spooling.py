"""Copies archives' frames as a builder does, one after the other."""

import pathlib
from collections.abc import Callable

from tfds_casia.naming import Naming
from tfds_casia.spool import spool_archive


def spool_into(
    folder: pathlib.Path, root: pathlib.Path, naming: Naming
) -> Callable[[list[str]], list[pathlib.Path]]:
    """What `find_sequences` takes: fills a part in `folder` for each archive below `root`."""

    def spool(paths):
        parts = [folder / str(number) for number in range(len(paths))]
        for part, path in zip(parts, paths, strict=True):
            part.mkdir()
            spool_archive(root, path, naming, part)
        return parts

    return spool
