"""Does what the command line asked for, to videos or to a folder tree of silhouettes."""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import sys
from typing import Any

from gait_jax.anonymization import arguments, batches, reports, workers
from gait_jax.anonymization.accounts import NOT_CHOSEN, more, said
from gait_jax.anonymization.options import Options, difference_path
from gait_jax.anonymization.places import (
    find_sequences,
    find_videos,
    is_result,
    of_task,
    outputs,
    share,
    videos_in,
)
from gait_jax.pretrained import MODELS
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of, writable
from gait_jax.video.clip import Clip

# The exit status where somebody, or something, had to be painted out of a video.
_HIDDEN = 3


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
    arguments.refuse_for_trees(args)
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


def _run_videos(args: argparse.Namespace) -> int:
    sources, left_out = find_videos(args.inputs, args.recursive)
    if left_out:
        print(f"left out, as results of before: {', '.join(map(str, left_out))}")
    results = outputs(sources, args.out, arguments.ending(args))
    options = arguments.options(args)
    arguments.check_one_video(args, len(sources))
    reported = args.report or []
    if args.task is not None:
        sources, results = share(sources, results, args.task, args.tasks)
        reported = [of_task(path, args.task) for path in reported]
        if not sources:
            print(f"nothing to do in task {args.task} of {args.tasks}")
            return 0
    written = dict.fromkeys(results, "-o")
    if args.difference:
        written |= dict.fromkeys(map(difference_path, results), "-o")
    written |= dict.fromkeys(reported, "--report")
    for path in written:
        # Not by `exists`, which fails on names that are too long.
        if os.path.lexists(path) and not args.overwrite:
            raise InputError(f"{path} exists: choose another name, or give --overwrite")
    if args.dry_run:
        for source, result in zip(sources, results, strict=True):
            clip = Clip.open(source)
            print(f"{source} ({clip.width}×{clip.height}) → {result}")
        return 0
    with contextlib.ExitStack() as checked:
        for path, flag in written.items():
            checked.enter_context(writable(path, flag))
        return _do(args, sources, results, reported, options)


def _do(
    args: argparse.Namespace,
    sources: list[pathlib.Path],
    results: list[pathlib.Path],
    reported: list[pathlib.Path],
    options: Options,
) -> int:
    """Anonymises, or previews, and reports; returns the exit status."""
    drawn = args.preview and not options.page
    model = None if drawn else args.checkpoint or MODELS[args.method]
    work = batches.Work(model, args.step, args.seed, options)
    jobs = min(args.jobs or 1, len(sources))
    if jobs > 1:
        # Bars of several videos would write over each other.
        work = dataclasses.replace(work, options=dataclasses.replace(options, progress=False))
        report = workers.run(work, sources, results, jobs, _print)
    else:
        report = batches.run(work, sources, results, _print)
    made = any(entry["output"] for entry in report["videos"])
    if made and report.get("trained_on_synthetic_data"):
        print("The model was trained on synthetic data alone.")
    failed = any("failed" in entry for entry in report["videos"])
    for path in reported:
        try:
            reports.write(path, report)
        except OSError as error:
            failed = True
            reason = f"{path} could not be written ({reason_of(error)})"
            print(f"gait_jax.anonymize: {reason}", file=sys.stderr)
    if failed:
        return 1
    # Whom the user did not choose is hidden as they wish.
    hidden = any({*entry.get("painted_out", ())} - {NOT_CHOSEN} for entry in report["videos"])
    return _HIDDEN if hidden else 0


def _print(entry: dict[str, Any]) -> None:
    """Says what became of a video."""
    if entry["output"]:
        print(f"{entry['output']}: {said(entry)}", flush=True)
        print(*(f"  {line}\n" for line in more(entry)), sep="", end="", flush=True)
    else:
        print(f"gait_jax.anonymize: {entry['failed']}", file=sys.stderr)


def run(args: argparse.Namespace) -> int:
    """Anonymises what the arguments name, and says what became of it.

    Args:
      args: as `parsing.parser` gives them.

    Returns:
      The exit status: 1 where a video failed, 3 where somebody had to be painted out, else 0.

    Raises:
      InputError: what is asked for cannot be done.
    """
    return _run_tree(args) if _is_tree(args) else _run_videos(args)
