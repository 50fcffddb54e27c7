"""The command line of `python -m gait_jax.anonymize`."""

import argparse
import math
import pathlib

from gait_jax.anonymization.options import BLUR, COLOURISERS, FACES, PARTS, Options
from gait_jax.anonymization.places import PREVIEW, RESULT
from gait_jax.anonymization.reports import is_page
from gait_jax.pretrained import DEFAULT_METHOD, MODELS
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.video import segmenters


def parser(description: str) -> argparse.ArgumentParser:
    """What reads the arguments.

    Args:
      description: of the command.
    """
    found = argparse.ArgumentParser(
        prog="python -m gait_jax.anonymize",
        description=description,
        epilog="It fails closed: whoever could not be anonymised is painted out, and the report "
        "says in which frames. The camera must stand, or move little. Sound is left out unless "
        "asked for.",
    )
    add = found.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="videos, patterns, folders of videos, or one "
        "folder tree of PNG silhouettes")  # fmt: skip
    add("-o", "--out", type=pathlib.Path, help="file or folder to write; of silhouettes, the "
        "folder (default: NAME_anonymized.mp4 beside each video)")  # fmt: skip
    model = found.add_mutually_exclusive_group()
    model.add_argument("--method", choices=MODELS, default=DEFAULT_METHOD, help="which of "
        "the models that ship with gait_jax: stand_in lets somebody else walk there, stgan changes "
        "the outline (default: %(default)s)")  # fmt: skip
    model.add_argument("--checkpoint", type=pathlib.Path, help="folder of a training run or of an "
        "exported model, in place of a shipped one")  # fmt: skip
    add("--step", metavar="N", help="the training run's checkpoint: a step, or best (default: the "
        "newest)")  # fmt: skip
    add("--seed", type=int, help="repeat a result; without it, noise is fresh at every call")
    add("--overwrite", action="store_true", help="replace an earlier result")
    add("--dry-run", action="store_true", help="only say what would be done")
    add("--no-progress", action="store_true", help="show no progress bar")
    add("--version", action="version", version=f"gait_jax {records.version_of('gait_jax')}")
    _of_videos(found)
    return found


def _of_videos(found: argparse.ArgumentParser) -> None:
    add = found.add_argument_group("videos").add_argument
    add("--preview", action="store_true", help="only draw who has which number, without anybody: "
        "NAME_preview.png; or, where -o ends in .html, write only a page with the video before and "
        "after. That page shows the original: for your eyes, do not share it")  # fmt: skip
    add("--only", type=_numbers, metavar="N[,N]", help="show these people alone, by their numbers")
    add("--except", type=_numbers, metavar="N[,N]", help="show all but these people, who are "
        "painted out")  # fmt: skip
    add("--colour", choices=COLOURISERS, help="how people are coloured (default: parts, and "
        "nearest whose joints are not known)")  # fmt: skip
    add("--faces", choices=FACES, help="what becomes of heads (default: blur)")
    add("--colour-checkpoint", type=pathlib.Path, metavar="DIR", help="folder of a trained "
        "colour-transfer network, for --colour transfer")  # fmt: skip
    add("--background", type=pathlib.Path, metavar="PICTURE", help="picture of the scene without "
        "anybody (default: the median over the clip)")  # fmt: skip
    add(
        "--segmenter", metavar="NAME", help="people (default), background, onnx:PATH or tflite:PATH"
    )
    add("--masks", type=pathlib.Path, metavar="DIR", help="PNGs, one for each frame, white where "
        "people are, in place of a segmenter")  # fmt: skip
    add("--start", type=float, metavar="SECONDS", help="begin so long after the first frame")
    add("--end", type=float, metavar="SECONDS", help="end so long after the first frame")
    add("--keep-audio", action="store_true", help="take the sound over; voices identify people too")
    add("--recursive", action="store_true", help="look into folders inside folders")
    add(
        "--report",
        type=pathlib.Path,
        action="append",
        metavar="FILE",
        help="write what became of each person and frame, counted from 0, as JSON, or as a page "
        "where FILE ends in .html; may be given twice",
    )
    add("--jobs", type=_count, metavar="N", help="do so many videos at once, in processes")
    add("--task", type=int, metavar="I", help="do only the I-th share, from 0, of --tasks")
    add("--tasks", type=_count, metavar="N", help="how many processes share the videos by --task")
    # What launch/ gives to everything that does not train.
    add("--num_processes", type=int, help=argparse.SUPPRESS)
    add("--difference", action="store_true", help="write NAME_difference.mp4 beside each result: "
        "white where it differs from the video")  # fmt: skip


# What a folder of silhouettes, and a preview, have no use for.
_OF_VIDEOS = (
    "preview", "only", "except", "colour", "colour_checkpoint", "faces", "background", "segmenter",
    "masks", "start", "end", "keep_audio", "recursive", "report", "difference", "dry_run",
    "jobs", "task", "tasks",
)  # fmt: skip
_BESIDE_RESULTS = ("keep_audio", "report", "difference")
_OF_RESULTS = ("only", "except", *_BESIDE_RESULTS)


def _numbers(text: str) -> frozenset[int]:
    """People's numbers: "1,3"."""
    found = [int(part) if part.isdecimal() else 0 for part in text.split(",")]
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of people's numbers, such as 1,3")
    return frozenset(found)


def _count(text: str) -> int:
    """How many of something there are to be: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1")
    return int(text)


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
