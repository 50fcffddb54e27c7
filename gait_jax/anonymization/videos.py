"""Anonymises one video file into another, or onto a page; says what became of it."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import cv2
import jax
import numpy as np

from gait_jax import runs
from gait_jax.anonymization.accounts import ranges, summary
from gait_jax.anonymization.choices import BLUR, NEAREST, PARTS
from gait_jax.anonymization.clips import Findings, VideoAnonymizer
from gait_jax.anonymization.comparisons import Comparison
from gait_jax.anonymization.following import Following
from gait_jax.anonymization.looking import Looked, doubts
from gait_jax.anonymization.options import Options, difference_path
from gait_jax.anonymization.painting import Painter
from gait_jax.anonymization.thumbnails import Strips
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.parts import PartsColouriser
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Anonymizer, Colouriser
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.video.background import Scene, largest_channel
from gait_jax.video.clip import Clip, Frame
from gait_jax.video.prefetch import prefetch
from gait_jax.video.writer import VideoWriter

# Standard deviations of the noise from which on a pixel counts as changed in the difference mask.
_CHANGED = 5.0


@dataclasses.dataclass(frozen=True)
class _Begun:
    """A clip whose people are found, and which is being anonymised.

    Attributes:
      looked: what is known of it.
      found: who is where.
      findings: what becomes of whom; whole when the last result has been taken.
      painter: paints them; what it measured likewise.
      results: its frames, anonymised as they are taken.
      bar: shows how many are done.
    """

    looked: Looked
    found: Following
    findings: Findings
    painter: Painter
    results: Iterator[Frame]
    bar: Any


@contextlib.contextmanager
def _begun(
    anonymizer: Anonymizer, looked: Looked, key: jax.Array, options: Options
) -> Iterator[_Begun]:
    """Finds a video's people, and anonymises them; decoding has a thread of its own."""
    painter = Painter(_colouriser(options), options.faces == BLUR)
    source = looked.clip.path
    rate = float(looked.clip.rate)
    worker = VideoAnonymizer(anonymizer, looked.scene, painter, key, rate, options.shows)
    with looked.sightings(options.progress) as seen:
        found = worker.look(seen)
    with contextlib.ExitStack() as stack:
        stack.enter_context(found)
        _check_numbers(source, options.only | options.left_out, found.people)
        bar = bars.bar(
            desc=f"{source.name}: anonymize",
            shown=options.progress,
            total=looked.count,
            unit="frame",
        )
        moved = stack.enter_context(bar)
        frames = stack.enter_context(prefetch(looked.clip.frames()))
        yield _Begun(looked, found, worker.findings, painter, worker(frames, found), moved)


def anonymize_video(
    anonymizer: Anonymizer,
    looked: Looked,
    out: str | pathlib.Path,
    key: jax.Array,
    options: Options,
) -> dict[str, Any]:
    """Anonymises the people in a video.

    Args:
      anonymizer: a trained method.
      looked: what is known of the video (see `looking.look`).
      out: the `.mp4` to write; replaced where it is there.
      key: all noise of this video is drawn from it.
      options: how.

    Returns:
      What became of it, for a report: JSON values, and "thumbnails" where they are asked for (see
      `thumbnails.Strips.described`).

    Raises:
      InputError: the video, or something that goes with it, cannot be used; nothing is written.
    """
    out = pathlib.Path(out)
    with _begun(anonymizer, looked, key, options) as begun:
        clip, results = begun.looked.clip, begun.results
        strips = Strips(begun.found) if options.thumbnails else None
        if strips:
            results = strips.over(results)
        if options.difference:
            results = _write_difference(results, clip, difference_path(out), begun.looked.scene)
        # Anonymising, and encoding, have a thread each.
        with (
            prefetch(results) as ready,
            VideoWriter(out, clip, options.keep_audio) as writer,
        ):
            for frame in ready:
                writer.write(frame.image, frame.pts, frame.duration)
                begun.bar.update()
    entry = _describe(begun, out, options)
    if clip.height % 2 or clip.width % 2:
        entry["warnings"].append(
            "H.264 has even sizes only: the last row or column was written twice"
        )
    return entry | ({"thumbnails": strips.described()} if strips else {})


def compare_video(
    anonymizer: Anonymizer,
    looked: Looked,
    out: str | pathlib.Path,
    key: jax.Array,
    options: Options,
) -> dict[str, Any]:
    """Writes a page that shows a video beside what `anonymize_video` makes of it with this key.

    Args:
      anonymizer: a trained method.
      looked: what is known of the video (see `looking.look`).
      out: the `.html` to write, which shows the original; replaced where it is there.
      key: all noise of this video is drawn from it.
      options: how it is anonymised; nothing but the page is written.

    Returns:
      What became of it, as of the video that was not written: JSON values.

    Raises:
      InputError: the video, or something that goes with it, cannot be used; nothing is written.
    """
    out = pathlib.Path(out)
    with _begun(anonymizer, looked, key, options) as begun:
        comparison = Comparison(begun.found, begun.looked.clip)
        with prefetch(comparison.over(begun.results)) as ready:
            for _ in ready:
                begun.bar.update()
    entry = _describe(begun, out, options)
    comparison.write(out, entry)
    return entry


def _check_numbers(source: pathlib.Path, named: Iterable[int], people: Collection[int]) -> None:
    """Makes sure that everybody who was named was found."""
    unknown = sorted(set(named) - {*people})
    if unknown:
        there = f"people 1 to {len(people)}" if len(people) > 1 else f"{len(people) or 'no'} person"
        raise InputError(
            f"{source} has {there}, and no person {', '.join(map(str, unknown))}: see their "
            "numbers with --preview"
        )


def _colouriser(options: Options) -> Colouriser:
    """What colours; one that is learned is read from its run."""
    if options.colour == PARTS:
        return PartsColouriser()
    if options.colour == NEAREST:
        return Placed(nearest.colourise)
    return runs.open_run(options.colour_checkpoint).colouriser()


def notes(clip: Clip, keep_audio: bool) -> list[str]:
    """What becomes of a clip's kind, and of its sound, a line each where it is not as usual."""
    found = []
    if clip.interlaced:
        found.append("it is interlaced: each frame was made of its two fields")
    if clip.dynamic_range:
        found.append(
            f"it is of high dynamic range ({clip.dynamic_range}): the result is as ordinary "
            "screens show it"
        )
    if keep_audio and clip.sound is None:
        what = "sound of a kind that cannot be read" if clip.has_audio else "no sound"
        found.append(f"it has {what}: the result has none")
    return found


def _write_difference(
    results: Iterable[Frame], clip: Clip, path: pathlib.Path, scene: Scene
) -> Iterator[Frame]:
    """Writes, on the way, where results differ from the clip by more than its noise, in white."""
    with VideoWriter(path, clip) as writer:
        for index, (result, frame) in enumerate(zip(results, clip.frames(), strict=True)):
            limit = _CHANGED * scene.at(index).noise
            changed = largest_channel(cv2.absdiff(result.image, frame.image)) > limit
            white = np.repeat(255 * changed[..., None].astype(np.uint8), 3, axis=2)
            writer.write(white, frame.pts, frame.duration)
            yield result


def _describe(begun: _Begun, out: pathlib.Path, options: Options) -> dict[str, Any]:
    clip, scene = begun.looked.clip, begun.looked.scene
    findings, painter = begun.findings, begun.painter
    plate = scene.plate
    warnings = notes(clip, options.keep_audio) + begun.looked.warnings + doubts(plate)
    if not findings.people:
        warnings.append("nobody was found to anonymise: the result shows the background alone")
    # In the order of `Following.people`.
    people = [one.described(n) for n, one in enumerate(findings.people.values(), 1)]
    names = ("colour_original", "colour_anonymized", "outline_original", "outline_anonymized")
    return {
        "input": str(clip.path),
        "output": str(out),
        "frames": findings.frames,
        "frame_rate": str(clip.rate),
        "size": [clip.width, clip.height],
        "interlaced": clip.interlaced,
        "dynamic_range": clip.dynamic_range or "standard",
        "camera": "stands" if plate is scene else "moves",
        "background": str(options.background) if options.background else "median over the clip",
        "segmenter": f"masks in {options.masks}" if options.masks else options.segmenter,
        "colour": options.colour,
        "coloured_by_nearest": painter.by_nearest,
        "faces": options.faces,
        "people": people,
        "summary": summary(people),
        "anonymized": findings.anonymized,
        "measures": {name: mean.value for name, mean in findings.measures.items()},
        "painted_out": {
            reason: ranges(frames) for reason, frames in sorted(findings.painted_out.items())
        },
        "flicker": {name: painter.flicker[name].value for name in names},
        "background_doubtful": float(plate.doubtful.mean()),
        "background_filled": float(plate.unseen.mean()),
        "warnings": warnings,
    }
