"""Anonymises, or previews, some videos: a bad one costs its own line, never the others."""

import dataclasses
import gc
import pathlib
import traceback
from collections.abc import Callable
from concurrent import futures
from typing import Any

import cv2
from absl import logging

from gait_jax.anonymization.looking import Looked, look
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.previews import preview_video
from gait_jax.runtime import allocator
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.video.clip import Clip

Entry = dict[str, Any]

# Threads from which on the networks that find people gain nothing more: their layers are small.
_MOST_THREADS = 4
# Frames of a first video up to which it is looked at while the model is loaded. With a longer one
# it would be told late that the model cannot be used, and what that saves is nothing beside it.
_SHORT = 250


def take_cores(cores: int) -> None:
    """Lets this process anonymise videos with some cores: before anything is looked at."""
    allocator.return_freed_memory()
    # Our own threads take two cores (see `videos`): OpenCV gets those that are left.
    cv2.setNumThreads(max(1, cores - 2))


@dataclasses.dataclass(frozen=True)
class Work:
    """What is done with every video.

    Attributes:
      model: folder of a training run or of an exported model; None where nobody is anonymised.
      step: the run's checkpoint (see `runs.open_run`); None for the newest.
      seed: for repeating a result; None draws fresh noise at every call.
      options: how.
    """

    model: pathlib.Path | None
    step: str | None
    seed: int | None
    options: Options

    def look_ahead(
        self, source: pathlib.Path, cores: int
    ) -> dict[pathlib.Path, Looked | Exception]:
        """Looks at a short video for the first time, which needs no model.

        Args:
          source: the video.
          cores: that this process may use.

        Returns:
          What `looking.look` gave of it, or what was raised: it costs this video alone (see `do`).
          Nothing of one that is longer, or of which nobody knows.
        """
        try:
            clip = self._clip(source)
            short = clip.frames_expected is not None and clip.frames_expected <= _SHORT
            return {source: look(clip, self._with(cores))} if short else {}
        except Exception as error:
            return {source: error}

    def _clip(self, source: pathlib.Path) -> Clip:
        return Clip.open(source, self.options.start, self.options.end)

    def _with(self, cores: int) -> Options:
        return dataclasses.replace(self.options, threads=min(cores, _MOST_THREADS))

    def begin(
        self, cores: int, ahead: dict[pathlib.Path, Looked | Exception] | None = None
    ) -> tuple[Entry, Callable[[pathlib.Path, pathlib.Path], Entry]]:
        """Opens the model.

        Args:
          cores: that this process may use.
          ahead: what `look_ahead` gave, also later, before a video is done; it is taken out then.

        Returns:
          (what is to be reported of the model; the function that does a video: of it, and of the
          file to write, gives what became of it).

        Raises:
          InputError: the model cannot be used.
        """
        options = self._with(cores)
        if self.model is None:
            return {}, lambda source, out: preview_video(source, out, options)
        # Here, not above: what is wrong with the arguments is said before JAX is loaded, and the
        # rest loads while the model is compiled.
        from gait_jax import runs
        from gait_jax.runtime import keys

        run = runs.open_run(self.model, self.step)
        anonymizer = run.anonymizer()
        anonymizer.compile()
        from gait_jax.anonymization import videos

        # What libraries made stays to the end: no collection need look through its 160,000 objects.
        gc.freeze()
        key = keys.random_key(self.seed)
        make = videos.compare_video if options.page else videos.anonymize_video

        def anonymize(source: pathlib.Path, out: pathlib.Path) -> Entry:
            looked = ahead.pop(source, None) if ahead else None
            if isinstance(looked, Exception):
                raise looked
            own = keys.named_key(key, source.name)
            looked = looked or look(self._clip(source), options)
            return make(anonymizer, looked, out, own, options)

        return {**runs.describe(run), "seed_given": self.seed is not None}, anonymize


def do(
    function: Callable[[pathlib.Path, pathlib.Path], Entry],
    source: pathlib.Path,
    out: pathlib.Path,
) -> Entry:
    """Does a video.

    Args:
      function: as `Work.begin` gives it.
      source: the video.
      out: the file to write.

    Returns:
      What became of it, `failed` with a line where it could not be done.
    """
    try:
        return function(source, out)
    except InputError as error:
        return failed(source, str(error))
    # Whatever one file brings about, the others are still to be done.
    except Exception as error:
        logging.debug("%s", traceback.format_exc())
        where = traceback.extract_tb(error.__traceback__)[-1]
        return failed(
            source,
            f"{source} could not be done ({type(error).__name__} in "
            f"{pathlib.Path(where.filename).name}, line {where.lineno}: {reason_of(error)}): "
            "please report this",
        )


def failed(source: pathlib.Path, why: str) -> Entry:
    """The entry of a video that could not be done.

    Args:
      source: the video.
      why: one line.
    """
    return {"input": str(source), "output": None, "failed": why}


def run(
    work: Work,
    sources: list[pathlib.Path],
    results: list[pathlib.Path],
    done: Callable[[Entry], object],
) -> Entry:
    """Does some videos, one after the other.

    Args:
      work: what is done with each.
      sources: the videos.
      results: the file that each becomes.
      done: called with what became of each, as soon as it is known.

    Returns:
      The report: JSON values. A video that cannot be used is listed with why.

    Raises:
      InputError: the model cannot be used.
    """
    cores = cv2.getNumberOfCPUs()
    take_cores(cores)
    ahead: dict[pathlib.Path, Looked | Exception] = {}
    # Loading all that a model needs takes a core for a second or more, in which the first video is
    # looked at.
    with futures.ThreadPoolExecutor(1) as aside:
        opening = aside.submit(work.begin, cores, ahead)
        if work.model is not None:
            ahead |= work.look_ahead(sources[0], cores)
        description, function = opening.result()
    entries = []
    for source, out in zip(sources, results, strict=True):
        entries.append(do(function, source, out))
        done(entries[-1])
    return {**description, "videos": entries}
