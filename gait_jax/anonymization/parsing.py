"""The command line of `python -m gait_jax.anonymize`: imported and said within a blink."""

import argparse
import pathlib

from gait_jax.anonymization.choices import COLOURISERS, FACES
from gait_jax.pretrained import DEFAULT_METHOD, MODELS
from gait_jax.runtime import records


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
