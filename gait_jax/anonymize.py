"""Anonymises the people in videos, or silhouettes in folder trees of PNGs.

    python -m gait_jax.anonymize walk.mp4
    python -m gait_jax.anonymize SILHOUETTES -o OUT

A video becomes `walk_anonymized.mp4` beside it. A folder is one of videos, or a tree of silhouettes
in which every folder with PNGs is one person's walk.
"""

import argparse
import gc
import math
import os
import pathlib
import sys
from typing import Any

try:
    import cv2
except ImportError as error:
    sys.exit(
        f"gait_jax.anonymize: OpenCV cannot be loaded ({' '.join(str(error).split())}): where a "
        "library of desktops is missing, uninstall opencv-python and install opencv-python-headless"
    )

from gait_jax.anonymization.options import COLOURISERS, NEAREST, Options, difference_path
from gait_jax.anonymization.places import (
    find_sequences,
    find_videos,
    is_result,
    outputs,
    videos_in,
)
from gait_jax.pretrained import DEFAULT_METHOD, MODELS
from gait_jax.runtime import interrupted, records, terminal
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import check_writable, reason_of
from gait_jax.video import segmenters
from gait_jax.video.clip import Clip


def anonymize_videos(
    sources: list[pathlib.Path],
    results: list[pathlib.Path],
    checkpoint: pathlib.Path,
    seed: int | None,
    options: Options,
    step: str | None = None,
) -> dict[str, Any]:
    """Anonymises videos one by one.

    Args:
      sources: the videos.
      results: the file that each becomes.
      checkpoint: folder of a training run or of an exported model.
      seed: for repeating a result; None draws fresh noise at every call.
      options: how.
      step: the run's checkpoint (see `runs.open_run`); None for the newest.

    Returns:
      The report: JSON values. A video that cannot be used is listed with why.

    Raises:
      InputError: the model cannot be used.
    """
    # Here, not above: what is wrong with the arguments is said before JAX is loaded, and SciPy
    # loads while the model is compiled.
    from gait_jax import runs
    from gait_jax.runtime import keys

    run = runs.open_run(checkpoint, step)
    anonymizer = run.anonymizer()
    from gait_jax.anonymization import videos

    # What libraries made stays to the end: no collection need look through its 160,000 objects.
    gc.freeze()
    key = keys.random_key(seed)
    report = {**runs.describe(run), "seed_given": seed is not None, "videos": []}
    for source, result in zip(sources, results, strict=True):
        try:
            entry = videos.anonymize_video(
                anonymizer, source, result, keys.named_key(key, source.name), options
            )
        except InputError as error:
            entry = {"input": str(source), "output": None, "failed": str(error)}
        report["videos"].append(entry)
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gait_jax.anonymize",
        description=__doc__.split("\n\n    ")[0],
        epilog="It fails closed: whoever could not be anonymised is painted out, and the report "
        "says in which frames. The camera must stand still. Sound is left out unless asked for.",
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="videos, patterns, folders of videos, or one "
        "folder tree of PNG silhouettes")  # fmt: skip
    add("-o", "--out", type=pathlib.Path, help="file or folder to write; of silhouettes, the "
        "folder (default: NAME_anonymized.mp4 beside each video)")  # fmt: skip
    model = parser.add_mutually_exclusive_group()
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
    video = parser.add_argument_group("videos")
    add = video.add_argument
    add("--colour", choices=COLOURISERS, help="how people are coloured (default: nearest)")
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
        metavar="FILE",
        help="write what became of each frame, counted from 0, as JSON",
    )
    add("--difference", action="store_true", help="write NAME_difference.mp4 beside each result: "
        "white where it differs from the video")  # fmt: skip
    return parser


# The exit status where somebody, or something, had to be painted out of a video.
_HIDDEN = 3

_VIDEO_ONLY = (
    "colour", "colour_checkpoint", "background", "segmenter", "masks", "start", "end",
    "keep_audio", "recursive", "report", "difference", "dry_run",
)  # fmt: skip


def _is_tree(args: argparse.Namespace) -> bool:
    """Whether the input is a folder of silhouettes rather than of videos."""
    first = pathlib.Path(args.inputs[0])
    if len(args.inputs) > 1 or not first.is_dir():
        return False
    videos = videos_in(first, args.recursive)
    # A result that lies among silhouettes does not make videos of them.
    return not videos or all(map(is_result, videos)) and bool(find_sequences(first)[0])


def _run_tree(args: argparse.Namespace) -> int:
    directory = pathlib.Path(args.inputs[0])
    if not find_sequences(directory)[0]:
        raise InputError(f"{directory} holds no PNG and no video: give another folder")
    given = [f"--{name.replace('_', '-')}" for name in _VIDEO_ONLY if getattr(args, name)]
    if given:
        raise InputError(f"{directory} holds silhouettes, no video: leave out {', '.join(given)}")
    if args.out is None:
        raise InputError(f"{directory} holds silhouettes: give the folder to write with -o")
    # Here, not above: what is wrong with the arguments is said before JAX is loaded.
    from gait_jax.anonymization.trees import REPORT, anonymize_tree

    report = anonymize_tree(
        directory,
        args.out,
        args.checkpoint or MODELS[args.method],
        args.seed,
        args.overwrite,
        not args.no_progress,
        args.step,
    )
    totals = report["totals"]
    print(
        f"{totals['anonymized']} of {totals['frames']} frames in {totals['sequences']} sequences "
        f"anonymised into {args.out}"
    )
    if report["trained_on_synthetic_data"]:
        print("The model was trained on synthetic data alone.")
    for reason, count in totals.items():
        if reason.startswith("empty: "):
            print(f"{count} frames written empty: {reason.removeprefix('empty: ')}")
    if others := report["not_carried_over"]:
        print(f"{len(others)} files that are not PNGs were not carried over")
    if failed := totals.get("failed_sequences"):
        raise InputError(f"{failed} sequences could not be read at all; see {args.out / REPORT}")
    return 0


def _options(args: argparse.Namespace) -> Options:
    if args.masks and args.segmenter:
        raise InputError("--masks and --segmenter are two ways to find people: give one of them")
    return Options(
        colour=args.colour or NEAREST,
        colour_checkpoint=args.colour_checkpoint,
        background=args.background,
        segmenter=args.segmenter or segmenters.PEOPLE,
        masks=args.masks,
        start=args.start or 0.0,
        end=math.inf if args.end is None else args.end,
        keep_audio=args.keep_audio,
        difference=args.difference,
        progress=not args.no_progress,
    )


def _run_videos(args: argparse.Namespace) -> int:
    sources, left_out = find_videos(args.inputs, args.recursive)
    if left_out:
        print(f"left out, as results of before: {', '.join(map(str, left_out))}")
    results = outputs(sources, args.out)
    options = _options(args)
    if args.masks and len(sources) > 1:
        raise InputError("--masks belong to one video: anonymise the videos one by one")
    written = dict.fromkeys(results, "-o")
    if args.difference:
        written |= dict.fromkeys(map(difference_path, results), "-o")
    if args.report:
        written[args.report] = "--report"
    for path in written:
        # Not by `exists`, which fails on names that are too long.
        if os.path.lexists(path) and not args.overwrite:
            raise InputError(f"{path} exists: choose another name, or give --overwrite")
    if args.dry_run:
        for source, result in zip(sources, results, strict=True):
            clip = Clip.open(source)
            print(f"{source} ({clip.width}×{clip.height}) → {result}")
        return 0
    for path, flag in written.items():
        check_writable(path, flag)
    # Our own threads take two cores (see `anonymization.videos`): OpenCV gets those that are left.
    cv2.setNumThreads(max(1, cv2.getNumberOfCPUs() - 2))
    model = args.checkpoint or MODELS[args.method]
    report = anonymize_videos(sources, results, model, args.seed, options, args.step)
    for entry in report["videos"]:
        if entry["output"]:
            _print(entry)
    if report["trained_on_synthetic_data"]:
        print("The model was trained on synthetic data alone.")
    failed = [entry["failed"] for entry in report["videos"] if "failed" in entry]
    if args.report:
        try:
            records.write_json(args.report, report)
        except OSError as error:
            failed.append(f"{args.report} could not be written ({reason_of(error)})")
    for message in failed:
        print(f"gait_jax.anonymize: {message}", file=sys.stderr)
    if failed:
        return 1
    hidden = any(entry["painted_out"] for entry in report["videos"] if entry["output"])
    return _HIDDEN if hidden else 0


def _print(entry: dict[str, Any]) -> None:
    print(f"{entry['output']}: {entry['frames']} frames, {entry['summary']}")
    told: dict[str, list[str]] = {}
    for one in entry["people"]:
        if "told" in one:
            told.setdefault(one["told"], []).append(str(one["person"]))
    for line, people in told.items():
        print(f"  tells of person {', '.join(people)} {line}")
    for reason, ranges in entry["painted_out"].items():
        frames = sum(last - first + 1 for first, last in ranges)
        print(f"  painted out in {frames} frame{'s' * (frames != 1)}: {reason}")
    for warning in entry["warnings"]:
        print(f"  {warning}")


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    terminal.show_what_it_can()
    args = _parser().parse_args(argv)
    try:
        return _run_tree(args) if _is_tree(args) else _run_videos(args)
    except InputError as error:
        print(f"gait_jax.anonymize: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"gait_jax.anonymize: {interrupted.MESSAGE}", file=sys.stderr)
        return interrupted.STATUS


if __name__ == "__main__":
    sys.exit(main())
