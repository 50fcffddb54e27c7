"""What the arguments of `python -m gait_jax.anonymize` ask for, and whether they go together."""

import argparse
import math
import pathlib

from gait_jax.anonymization.choices import BLUR, PARTS
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.places import PREVIEW, RESULT
from gait_jax.anonymization.reports import is_page
from gait_jax.runtime.errors import InputError
from gait_jax.video import segmenters

# What a folder of silhouettes, and a preview, have no use for.
_OF_VIDEOS = (
    "preview", "only", "except", "colour", "colour_checkpoint", "faces", "background", "segmenter",
    "masks", "start", "end", "keep_audio", "recursive", "report", "difference", "dry_run",
    "jobs", "task", "tasks",
)  # fmt: skip
_BESIDE_RESULTS = ("keep_audio", "report", "difference")
_OF_RESULTS = ("only", "except", *_BESIDE_RESULTS)


def _given(args: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    """Which of some flags were given."""
    found = vars(args)
    return [f"--{name.replace('_', '-')}" for name in names if found[name] not in (None, False)]


def refuse_for_trees(args: argparse.Namespace) -> None:
    """Makes sure that nothing was asked for that only videos have.

    Raises:
      InputError: something was.
    """
    if given := _given(args, _OF_VIDEOS):
        where = args.inputs[0]
        raise InputError(f"{where} holds silhouettes, no video: leave out {', '.join(given)}")


def _is_page(args: argparse.Namespace) -> bool:
    """Whether a preview is to be a page."""
    return args.preview and args.out is not None and is_page(args.out)


def ending(args: argparse.Namespace) -> str:
    """How the name ends of what is made of a video (see `places.outputs`)."""
    if _is_page(args):
        return pathlib.Path(PREVIEW).stem + args.out.suffix.lower()
    return PREVIEW if args.preview else RESULT


def options(args: argparse.Namespace) -> Options:
    """How videos are to be anonymised.

    Raises:
      InputError: arguments do not go together, or cannot be used.
    """
    only, others = vars(args)["only"], vars(args)["except"]
    if args.masks and args.segmenter:
        raise InputError("--masks and --segmenter are two ways to find people: give one of them")
    if only and others:
        raise InputError("--only and --except are two ways to choose people: give one of them")
    page = _is_page(args)
    if page and (given := _given(args, _BESIDE_RESULTS)):
        raise InputError(f"--preview writes {args.out} and no video: leave out {', '.join(given)}")
    if args.preview and not page and (given := _given(args, _OF_RESULTS)):
        raise InputError(f"--preview anonymises nobody: leave out {', '.join(given)}")
    if (args.task is None) != (args.tasks is None):
        raise InputError("--task and --tasks go together: the number of a share, and of all shares")
    return Options(
        colour=args.colour or PARTS,
        faces=args.faces or BLUR,
        colour_checkpoint=args.colour_checkpoint,
        background=args.background,
        segmenter=args.segmenter or segmenters.PEOPLE,
        masks=args.masks,
        start=args.start or 0.0,
        end=math.inf if args.end is None else args.end,
        keep_audio=args.keep_audio,
        difference=args.difference,
        page=page,
        thumbnails=any(map(is_page, args.report or ())),
        only=only or frozenset(),
        left_out=others or frozenset(),
        progress=not args.no_progress,
    )


def check_one_video(args: argparse.Namespace, count: int) -> None:
    """Makes sure that what belongs to one video is not given for many.

    Args:
      args: the arguments.
      count: how many videos they name.

    Raises:
      InputError: it is.
    """
    given = _given(args, ("masks", "only", "except"))
    if given and count > 1:
        raise InputError(f"{', '.join(given)} belong to one video: anonymise the videos one by one")
