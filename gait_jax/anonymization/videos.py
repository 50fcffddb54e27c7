"""Anonymises one video file into another, and says what became of it."""

import contextlib
import functools
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import cv2
import jax
import numpy as np

from gait_jax import runs
from gait_jax.anonymization.clips import Findings, VideoAnonymizer
from gait_jax.anonymization.options import NEAREST, Options, difference_path, read_background
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.contracts import Anonymizer, Colouriser
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.video import background, people, segmenters
from gait_jax.video.background import Background, largest_channel
from gait_jax.video.clip import Clip, Frame
from gait_jax.video.prefetch import prefetch
from gait_jax.video.writer import VideoWriter

# Share of the picture from which on a doubtful background is worth a warning: a small person's.
_DOUBTFUL = 0.002
# A background is a median over the clip: in fewer frames, or less time, nobody has left the place
# where they were, and they would stand in it as they are.
_FEWEST_FRAMES, _SHORTEST = 12, 1.0
# Standard deviations of the noise from which on a pixel counts as changed in the difference mask.
_CHANGED = 5.0


def anonymize_video(
    anonymizer: Anonymizer,
    source: str | pathlib.Path,
    out: str | pathlib.Path,
    key: jax.Array,
    options: Options,
) -> dict[str, Any]:
    """Anonymises the people in a video.

    Args:
      anonymizer: a trained method.
      source: the video.
      out: the `.mp4` to write; replaced where it is there.
      key: all noise of this video is drawn from it.
      options: how.

    Returns:
      What became of it, for a report: JSON values.

    Raises:
      InputError: the video, or something that goes with it, cannot be used; nothing is written.
    """
    source, out = pathlib.Path(source), pathlib.Path(out)
    colourise = _colouriser(options)
    clip = Clip.open(source, options.start, options.end)
    scene, clip, count = _look(clip, options)
    warnings = notes(clip, options.keep_audio)
    if options.masks:
        segmenter = segmenters.GivenMasks(options.masks, (clip.height, clip.width), count)
    else:
        segmenter = segmenters.build(options.segmenter, scene)
        # Who stands in the background is in every frame, as they were. Only a learned segmenter
        # sees it.
        if options.segmenter != segmenters.BACKGROUND and people.find(segmenter(scene.picture)):
            warnings.append(
                "the segmenter finds somebody in the background, who is in the result as "
                "they were: give --background"
            )
    worker = VideoAnonymizer(anonymizer, scene, colourise, key, float(clip.rate))
    bar = functools.partial(bars.bar, shown=options.progress, total=count, unit="frame")
    # Decoding has a thread of its own beside segmentation.
    with (
        bar(desc=f"{source.name}: people") as moved,
        prefetch((frame, segmenter(frame.image)) for frame in clip.frames()) as segmented,
    ):
        found = worker.look(_counted(segmented, moved))
    # Decoding, anonymising, and encoding have one each.
    with bar(desc=f"{source.name}: anonymize") as moved, contextlib.ExitStack() as stack:
        frames = stack.enter_context(prefetch(clip.frames()))
        results = worker(frames, stack.enter_context(found))
        if options.difference:
            results = _write_difference(results, clip, difference_path(out), scene)
        results = stack.enter_context(prefetch(results))
        with VideoWriter(out, clip, options.keep_audio) as writer:
            for frame in results:
                writer.write(frame.image, frame.pts, frame.duration)
                moved.update()
    return _describe(clip, out, scene, worker.findings, options, warnings)


def _counted(items: Iterable[Any], bar: Any) -> Iterator[Any]:
    """Passes items through, and moves a bar."""
    for item in items:
        yield item
        bar.update()


def _colouriser(options: Options) -> Colouriser:
    """The function that colours; one that is learned is read from its run."""
    if options.colour == NEAREST:
        return nearest.colourise
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


def _look(clip: Clip, options: Options) -> tuple[Background, Clip, int]:
    """Learns a clip's scene.

    Returns:
      The scene, the clip with the frame rate that it turned out to have, and its number of frames.
    """
    given = None
    if options.background:
        given = read_background(options.background, (clip.height, clip.width))
    # All of the file shows the scene, also where only a part of it is wanted.
    whole = clip.all_there_is()
    seen = count = last = 0
    with bars.bar(
        shown=options.progress,
        desc=f"{clip.path.name}: background",
        total=clip.frames_expected,
        unit="frame",
    ) as bar:

        def look(frame: Frame) -> None:
            nonlocal seen, count, last
            seen, last = seen + 1, frame.pts
            count += clip.start <= float(frame.pts * clip.time_base) < clip.end
            bar.update()

        samples = background.sample(whole, look)
    if not count:
        raise InputError(
            f"{clip.path} has no frame between {clip.start:g} and {clip.end:g} seconds: change "
            "--start and --end"
        )
    clip = clip.counted(seen, last)
    if given is None and (seen < _FEWEST_FRAMES or seen / clip.rate < _SHORTEST):
        frames = "1 frame" if seen == 1 else f"{seen} frames"
        raise InputError(
            f"{clip.path} has {frames}, too few to tell people from the scene: give a picture of "
            "the scene without anybody, --background"
        )
    return background.estimate(samples, given), clip, count


def _write_difference(
    results: Iterable[Frame], clip: Clip, path: pathlib.Path, scene: Background
) -> Iterator[Frame]:
    """Writes, on the way, where results differ from the clip by more than its noise, in white."""
    limit = _CHANGED * scene.noise
    with VideoWriter(path, clip) as writer:
        for result, frame in zip(results, clip.frames(), strict=True):
            changed = largest_channel(cv2.absdiff(result.image, frame.image)) > limit
            white = np.repeat(255 * changed[..., None].astype(np.uint8), 3, axis=2)
            writer.write(white, frame.pts, frame.duration)
            yield result


def _ranges(frames: set[int]) -> list[list[int]]:
    """{1, 2, 3, 7} → [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for frame in sorted(frames):
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    return found


def _describe(
    clip: Clip,
    out: pathlib.Path,
    scene: Background,
    findings: Findings,
    options: Options,
    warnings: list[str],
) -> dict[str, Any]:
    doubtful = float(scene.doubtful.mean())
    if doubtful > _DOUBTFUL:
        warnings.append(
            f"{doubtful:.1%} of the background is doubtful: somebody may stand in it as they "
            "were; look at the result, and give --background"
        )
    if clip.height % 2 or clip.width % 2:
        warnings.append("H.264 has even sizes only: the last row or column was written twice")
    if not findings.people:
        warnings.append("nobody was found to anonymise: the result shows the background alone")
    told = [
        {"person": one.person, "frames": [one.first, one.last], "told": one.line}
        for one in findings.told
    ]
    names = ("colour_original", "colour_anonymized", "outline_original", "outline_anonymized")
    return {
        "input": str(clip.path),
        "output": str(out),
        "frames": findings.frames,
        "frame_rate": str(clip.rate),
        "size": [clip.width, clip.height],
        "interlaced": clip.interlaced,
        "dynamic_range": clip.dynamic_range or "standard",
        "background": str(options.background) if options.background else "median over the clip",
        "segmenter": f"masks in {options.masks}" if options.masks else options.segmenter,
        "colour": options.colour,
        "people": findings.people,
        "anonymized": findings.anonymized,
        "measures": {name: mean.value for name, mean in findings.measures.items()},
        **({"told": told} if told else {}),
        "painted_out": {
            reason: _ranges(frames) for reason, frames in sorted(findings.painted_out.items())
        },
        "flicker": {name: findings.flicker[name].value for name in names},
        "background_doubtful": doubtful,
        "warnings": warnings,
    }
