"""Looks at a clip for the first time: its scene, and what says who is in each of its frames."""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gait_jax.anonymization.options import Options, read_background
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.video import background, people, segmenters
from gait_jax.video.background import Background, Scene
from gait_jax.video.bodies import Bodies
from gait_jax.video.camera import Camera
from gait_jax.video.clip import Clip, Frame
from gait_jax.video.crew import Crew
from gait_jax.video.finding import NetworkFinder
from gait_jax.video.moving import Canvas, MovingScene, misfit
from gait_jax.video.people import Sighting
from gait_jax.video.prefetch import prefetch
from gait_jax.video.scene import learn

# Difference from a median tells people from the scene where they have left their place: not in
# fewer frames, or less time.
_FEWEST_FRAMES, _SHORTEST = 12, 1.0
# Share of the picture from which on a doubtful background is worth a warning: a small person's.
_DOUBTFUL = 0.002
# Share of a moving camera's scene on which its frames may disagree, and shares of the picture by
# which a camera hardly moves.
_MISFIT, _HARDLY = 0.15, 0.01


@dataclasses.dataclass(frozen=True)
class Looked:
    """What is known of a clip before anybody is followed.

    Attributes:
      clip: with the frame rate that it turned out to have.
      count: of its frames.
      scene: without anybody.
      find: says who is in the next frame [H, W, 3] uint8; None where it can say nothing of it.
      warnings: what a user should know.
    """

    clip: Clip
    count: int
    scene: Scene
    find: Callable[[np.ndarray], list[Sighting] | None]
    warnings: list[str]

    @contextlib.contextmanager
    def sightings(self, progress: bool) -> Iterator[Iterator[list[Sighting] | None]]:
        """Who is in frame after frame; decoding and finding have a thread each.

        Args:
          progress: whether to show a bar.
        """
        desc = f"{self.clip.path.name}: people"
        with (
            bars.bar(desc=desc, shown=progress, total=self.count, unit="frame") as moved,
            prefetch(self.clip.frames()) as frames,
            prefetch(self.find(frame.image) for frame in frames) as seen,
        ):
            yield _counted(seen, moved)


def _counted(items: Iterator[Any], bar: Any) -> Iterator[Any]:
    """Passes items through, and moves a bar."""
    for item in items:
        yield item
        bar.update()


def doubts(scene: Background) -> list[str]:
    """Lines on a scene that may show somebody."""
    doubtful = float(scene.doubtful.mean())
    if doubtful <= _DOUBTFUL:
        return []
    return [
        f"{doubtful:.1%} of the background is doubtful: somebody may stand in it as they were; "
        "look at the result, and give --background"
    ]


def look(clip: Clip, options: Options) -> Looked:
    """Looks at all of a clip.

    Args:
      clip: a video.
      options: how its people are found.

    Raises:
      InputError: the clip, or something that goes with it, cannot be used.
    """
    given = None
    if options.background:
        given = read_background(options.background, (clip.height, clip.width))
    samples = _samples(clip, options.progress)
    clip = samples.clip
    if samples.canvas and given is not None:
        raise InputError(
            f"{clip.path}: the camera moves, and {options.background} was taken from one place: "
            "leave --background away"
        )
    if options.looks_for_people:
        with Crew(options.threads) as crew:
            plate, left = learn(samples.images, given, crew, samples.outside)
        warnings = []
        if left:
            many = "somebody" if left == 1 else f"{left} people"
            warnings.append(
                f"{many} stood in {options.background or 'the background'}, and was painted out "
                "of it: look at the result"
            )
        scene = _seen_by(samples, plate)
        finder = NetworkFinder(scene, Bodies(options.threads), float(clip.rate))
        return Looked(clip, samples.count, scene, finder, warnings)
    few = samples.seen < _FEWEST_FRAMES or samples.seen / clip.rate < _SHORTEST
    if given is None and few:
        frames = "1 frame" if samples.seen == 1 else f"{samples.seen} frames"
        raise InputError(
            f"{clip.path} has {frames}, too few to tell people from the scene: give a picture of "
            "the scene without anybody, --background"
        )
    scene = _seen_by(samples, background.estimate(samples.images, given, samples.outside))
    if options.masks:
        segment = segmenters.GivenMasks(options.masks, (clip.height, clip.width), samples.count)
    else:
        segment = segmenters.build(options.segmenter, scene)
    warnings = []
    # Who stands in the background is in every frame, as they were. Only a learned segmenter sees
    # it.
    learned = not options.masks and options.segmenter != segmenters.BACKGROUND
    if learned and people.find(segment(scene.plate.picture)):
        warnings.append(
            "the segmenter finds somebody in the background, who is in the result as they were: "
            "give --background"
        )

    frames = itertools.count()

    def find(image: np.ndarray) -> list[Sighting] | None:
        mask, known = segment(image), scene.knows(next(frames))
        return None if mask is None or not known else people.find(mask)

    return Looked(clip, samples.count, scene, find, warnings)


@dataclasses.dataclass(frozen=True)
class _Samples:
    """Frames from all of a clip, or of what is wanted of it where the camera moves elsewhere.

    Attributes:
      images: [N, H, W, 3] uint8, as they are or laid on the canvas.
      outside: where each shows nothing, [N, H, W] uint8; None where all show everything.
      canvas: where frames of a camera that moves lie; None of one that stands.
      camera: which saw all frames.
      seen: how many frames they were taken from.
      clip: with the frame rate that it turned out to have.
      count: how many frames are wanted.
    """

    images: np.ndarray
    outside: np.ndarray | None
    canvas: Canvas | None
    camera: Camera
    seen: int
    clip: Clip
    count: int


def _samples(clip: Clip, progress: bool) -> _Samples:
    """Looks at all frames of a file, and at its camera."""
    # All of the file shows the scene, also where only a part of it is wanted.
    whole = clip.all_there_is()
    camera = Camera((clip.height, clip.width))
    seen = count = last = 0
    with bars.bar(
        shown=progress,
        desc=f"{clip.path.name}: background",
        total=clip.frames_expected,
        unit="frame",
    ) as bar:

        def keep(frame: Frame) -> None:
            nonlocal seen, count, last
            seen, last = seen + 1, frame.pts
            seconds = float(frame.pts * clip.time_base)
            count += clip.start <= seconds < clip.end
            camera.see(frame.image, seconds)
            bar.update()

        images, indices = background.sample(whole, keep)
    if not count:
        raise InputError(
            f"{clip.path} has no frame between {clip.start:g} and {clip.end:g} seconds: change "
            "--start and --end"
        )
    counted = clip.counted(seen, last)
    if camera.stands:
        return _Samples(images, None, None, camera, seen, counted, count)
    motion = camera.motion(clip.path, clip.start, clip.end)
    if count < seen:
        images, indices = background.sample(clip)
    if motion is None:
        return _Samples(images, None, None, camera, count, counted, count)
    canvas = Canvas.of(motion, (clip.width, clip.height))
    return _Samples(*canvas.laid(images, indices), canvas, camera, count, counted, count)


def _seen_by(samples: _Samples, plate: Background) -> Scene:
    """The scene as the camera sees it.

    Args:
      samples: of the clip.
      plate: learned of them.

    Raises:
      InputError: they do not fit together.
    """
    canvas, clip = samples.canvas, samples.clip
    if canvas is None:
        return plate
    if misfit(samples.images, samples.outside, plate) > _MISFIT:
        why = "moves before what is near and far, which does not fit together"
        raise samples.camera.refused(clip.path, why, clip.start, clip.end, _HARDLY)
    # Corners of the plate that no frame shows are nobody's loss.
    return MovingScene(dataclasses.replace(plate, unseen=plate.unseen & canvas.viewed()), canvas)
