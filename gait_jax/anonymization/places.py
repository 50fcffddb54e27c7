"""Which videos and silhouettes a command line names, and where their results go."""

import glob
import os
import pathlib

from gait_jax.runtime import names
from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import SUFFIXES

_ENDING = "_anonymized"
# How the names of results and of previews end.
RESULT, PREVIEW = f"{_ENDING}.mp4", "_preview.png"

# What the names of files end with, before their kind, that this command wrote.
_RESULTS = (_ENDING, f"{_ENDING}_difference")


def videos_in(directory: pathlib.Path, recursive: bool) -> list[pathlib.Path]:
    """A folder's videos, also what this command wrote.

    Args:
      directory: the folder.
      recursive: whether folders inside it are looked into.
    """
    found = directory.rglob("*") if recursive else directory.iterdir()
    return sorted(
        path
        for path in found
        if path.suffix.lower() in SUFFIXES
        and not any(names.is_left_over(part) for part in path.relative_to(directory).parts)
        and path.is_file()
    )


def is_result(path: pathlib.Path) -> bool:
    """Whether a video's name says that this command wrote it."""
    return path.stem.endswith(_RESULTS)


def find_videos(
    inputs: list[str], recursive: bool = False
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """The videos that files, patterns and folders name, each once.

    Args:
      inputs: as given on the command line.
      recursive: whether folders inside folders are looked into.

    Returns:
      The videos, and those left out because they are results of this command (see `is_result`); a
      file that is named itself is not.

    Raises:
      InputError: one names nothing.
    """
    found: list[pathlib.Path] = []
    results: list[pathlib.Path] = []
    for given in inputs:
        path = pathlib.Path(given)
        if path.is_dir():
            here = videos_in(path, recursive)
            if not here:
                raise InputError(f"{path} holds no video: give another folder, or --recursive")
            here = _without_results(here, given, results)
        elif path.is_file():
            here = [path]
        else:
            here = [pathlib.Path(name) for name in sorted(glob.glob(given, recursive=True))]
            here = [path for path in here if path.is_file() and not names.is_left_over(path.name)]
            if not here:
                raise InputError(
                    f"{given} is not a folder, a file or a pattern that fits one: give videos, or "
                    "a folder tree of PNG silhouettes"
                )
            here = _without_results(here, given, results)
        found += [path for path in here if path not in found]
    return found, [path for path in results if path not in found]


def _without_results(
    here: list[pathlib.Path], given: str, results: list[pathlib.Path]
) -> list[pathlib.Path]:
    """Moves what this command wrote, as names say, from the videos that were found to `results`."""
    results += [path for path in here if is_result(path)]
    kept = [path for path in here if not is_result(path)]
    if not kept:
        raise InputError(
            f"{given} holds nothing but results of this command, such as {here[0].name}: to "
            "anonymise one again, name it itself"
        )
    return kept


def outputs(
    sources: list[pathlib.Path], out: pathlib.Path | None, ending: str = RESULT
) -> list[pathlib.Path]:
    """Where what is made of each video goes: `NAME_anonymized.mp4`.

    Args:
      sources: the videos.
      out: a file for one video, or a folder; None for beside each.
      ending: `RESULT` or `PREVIEW`.

    Raises:
      InputError: two would go to the same file, or over an input, or it is of another kind.
    """
    names = [f"{source.stem}{ending}" for source in sources]
    kind = pathlib.Path(ending).suffix
    if out is None:
        results = [source.with_name(name) for source, name in zip(sources, names, strict=True)]
    elif len(sources) == 1 and not os.path.isdir(out) and out.suffix:
        if out.suffix.lower() != kind:
            what, endings = "results are MP4 files", kind
            if ending != RESULT:
                what, endings = "previews are PNG files, or pages", ".png or .html"
            raise InputError(f"{out}: {what}; give a name that ends in {endings}")
        results = [out]
    else:
        results = [out / name for name in names]
    real = [source.resolve() for source in sources]
    for i, (source, result) in enumerate(zip(sources, results, strict=True)):
        if result in results[:i]:
            raise InputError(
                f"{source} and {sources[results.index(result)]} would both become {result}: "
                "anonymise them one by one"
            )
        if result.resolve() in real:
            raise InputError(f"{result} is an input: choose another -o")
    return results


def share(
    sources: list[pathlib.Path], results: list[pathlib.Path], task: int, tasks: int
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """One task's part of some videos: every N-th of them in order of their names.

    Args:
      sources: the videos, the same in all tasks.
      results: where what is made of each goes.
      task: which task, from 0.
      tasks: how many there are.

    Returns:
      The task's videos and results, which may be none.

    Raises:
      InputError: there is no such task.
    """
    if not 0 <= task < tasks:
        raise InputError(f"--task={task} is not one of --tasks={tasks}: they are numbered from 0")
    own = sorted(zip(sources, results, strict=True))[task::tasks]
    return [source for source, _ in own], [result for _, result in own]


def of_task(path: pathlib.Path, task: int) -> pathlib.Path:
    """A task's own file beside those of the other tasks: r.json → r.3.json."""
    return path.with_name(f"{path.stem}.{task}{path.suffix}")


def find_sequences(directory: pathlib.Path) -> tuple[dict[str, list[str]], list[str]]:
    """The folders of a tree that hold PNGs, parents first; links to folders are followed.

    What systems leave beside files, such as `__MACOSX` and `._1.png`, is passed over.

    Args:
      directory: the tree's root.

    Returns:
      ({folder: PNG names in order}, other files), paths relative to the root.
    """
    sequences, others = {}, []
    seen = {os.path.realpath(directory)}
    for folder, folders, files in os.walk(directory, followlinks=True):
        # Linked folders are walked too, but each real one only once: links may form a ring.
        given = sorted(name for name in folders if not names.is_left_over(name))
        real = {name: os.path.realpath(os.path.join(folder, name)) for name in given}
        folders[:] = [name for name in real if real[name] not in seen]
        seen.update(real.values())
        relative = os.path.relpath(folder, directory)
        given = [f for f in files if not names.is_left_over(f)]
        images = sorted((f for f in given if f.lower().endswith(".png")), key=names.in_order)
        others += [
            os.path.normpath(os.path.join(relative, f)) for f in sorted(set(given) - set(images))
        ]
        if images:
            sequences[relative] = images
    return sequences, others
