"""Looks at a clip for the first time: its scene, and what says who is in each of its frames."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gait_jax.anonymization.options import Options, read_background
from gait_jax.runtime import bars
from gait_jax.runtime.errors import InputError
from gait_jax.video import background, people, segmenters
from gait_jax.video.background import Background
from gait_jax.video.bodies import Bodies
from gait_jax.video.clip import Clip, Frame
from gait_jax.video.finding import NetworkFinder
from gait_jax.video.people import Sighting
from gait_jax.video.prefetch import prefetch
from gait_jax.video.scene import learn

# Difference from a median tells people from the scene where they have left their place: not in
# fewer frames, or less time.
_FEWEST_FRAMES, _SHORTEST = 12, 1.0
# Share of the picture from which on a doubtful background is worth a warning: a small person's.
_DOUBTFUL = 0.002


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
    scene: Background
    find: Callable[[np.ndarray], list[Sighting] | None]
    warnings: list[str]

    @contextlib.contextmanager
    def sightings(self, progress: bool) -> Iterator[Iterator[list[Sighting] | None]]:
        """Who is in frame after frame; decoding has a thread of its own beside finding.

        Args:
          progress: whether to show a bar.
        """
        desc = f"{self.clip.path.name}: people"
        with (
            bars.bar(desc=desc, shown=progress, total=self.count, unit="frame") as moved,
            prefetch(self.find(frame.image) for frame in self.clip.frames()) as seen,
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
    samples, seen, clip, count = _samples(clip, options.progress)
    if options.looks_for_people:
        bodies = Bodies(options.threads)
        scene, left = learn(samples, given, bodies)
        warnings = []
        if left:
            many = "somebody" if left == 1 else f"{left} people"
            warnings.append(
                f"{many} stood in {options.background or 'the background'}, and was painted out "
                "of it: look at the result"
            )
        return Looked(clip, count, scene, NetworkFinder(scene, bodies, float(clip.rate)), warnings)
    if given is None and (seen < _FEWEST_FRAMES or seen / clip.rate < _SHORTEST):
        frames = "1 frame" if seen == 1 else f"{seen} frames"
        raise InputError(
            f"{clip.path} has {frames}, too few to tell people from the scene: give a picture of "
            "the scene without anybody, --background"
        )
    scene = background.estimate(samples, given)
    if options.masks:
        segment = segmenters.GivenMasks(options.masks, (clip.height, clip.width), count)
    else:
        segment = segmenters.build(options.segmenter, scene)
    warnings = []
    # Who stands in the background is in every frame, as they were. Only a learned segmenter sees
    # it.
    learned = not options.masks and options.segmenter != segmenters.BACKGROUND
    if learned and people.find(segment(scene.picture)):
        warnings.append(
            "the segmenter finds somebody in the background, who is in the result as they were: "
            "give --background"
        )

    def find(image: np.ndarray) -> list[Sighting] | None:
        mask = segment(image)
        return None if mask is None else people.find(mask)

    return Looked(clip, count, scene, find, warnings)


def _samples(clip: Clip, progress: bool) -> tuple[np.ndarray, int, Clip, int]:
    """Frames from all of a clip.

    Returns:
      (they, [N, H, W, 3] uint8; how many frames the file has; the clip with the frame rate that it
      turned out to have; how many frames are wanted of it).
    """
    # All of the file shows the scene, also where only a part of it is wanted.
    whole = clip.all_there_is()
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
            count += clip.start <= float(frame.pts * clip.time_base) < clip.end
            bar.update()

        samples = background.sample(whole, keep)
    if not count:
        raise InputError(
            f"{clip.path} has no frame between {clip.start:g} and {clip.end:g} seconds: change "
            "--start and --end"
        )
    return samples, seen, clip.counted(seen, last), count
