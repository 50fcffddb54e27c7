"""Clips in colour of a study's people: as they were filmed, and as its methods show them."""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from gait_jax import runs
from gait_jax.data.gait_store import GaitStore
from gait_jax.data.gaits import Gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.evaluation.rows import CLEAN
from gait_jax.evaluation.study import Study
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Colouriser, Shot
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.video.writer import write_pictures

# Part of the keys of what is made of clips: raise it when the same gaits give other ones.
VERSION = 1

RATE = 25
# The folder of the clips as they were filmed.
ORIGINAL = "original"


@dataclasses.dataclass(frozen=True)
class ColouredClip:
    """Somebody's walk in colour.

    Attributes:
      sequence: which.
      pictures: red, green, blue [H, W, 3] uint8, in order of time, 25 a second. Where the method
        gave nobody: the empty scene.
      masks: who is shown, [H, W] uint8 of 0 and 1; where nobody is, empty.
      originals: who was filmed, likewise; never empty.
      scene: without anybody, as the pictures.
    """

    sequence: GaitSequence
    pictures: list[np.ndarray]
    masks: list[np.ndarray]
    originals: list[np.ndarray]
    scene: np.ndarray


class ColouredClips:
    """The same walks for all methods, spread over the people whom the protocol probes.

    The methods' gaits are those whose people the recognisers are asked for, with the same noise.
    Frames without a usable silhouette of the original are left out.
    """

    def __init__(self, study: Study, walks: int, colouriser: str):
        """Chooses the walks.

        Args:
          study: with a protocol.
          walks: how many in each view; as many in all of them, of as many people as there are.
          colouriser: the workdir of a run that colours; nearest pixel (2019, eq 9) where empty.
        """
        self._study, self._colouriser_of = study, colouriser
        probes = study.probes(study.originals, study.protocol.probed)
        if not len(probes):
            raise InputError(
                f"protocol {study.config.protocol}: {study.dataset.name} has no probes to be "
                "shown; choose another protocol"
            )
        self.indices = chosen(probes, walks)

    @functools.cached_property
    def _colouriser(self) -> Colouriser:
        if not self._colouriser_of:
            return Placed(nearest.colourise)
        return runs.open_run(self._colouriser_of).colouriser()

    @functools.cache  # noqa: B019, clips live as long as their evaluation
    def _made(self, method: str) -> GaitStore:
        return self._study.anonymized_sequences(method, self.indices)

    def key(self, method: str) -> str:
        """Names all that a method's clips depend on."""
        study, given = self._study, self._colouriser_of
        made = "" if method == CLEAN else self._made(method).key
        painted = runs.open_run(given).key if given and made else ""
        return fingerprint(study.dataset.gaits.key, made, painted, self.indices, VERSION)

    def __call__(self, method: str) -> Iterator[ColouredClip]:
        """The clips of a method, or with `CLEAN` those that were filmed.

        Raises:
          InputError: the data set has no colour of them (see `GaitDataset.recording`), or the
            method or colouriser cannot be used.
        """
        for index in self.indices:
            yield self._clip(method, index)

    def _clip(self, method: str, index: int) -> ColouredClip:
        gaits = self._study.dataset.gaits
        sequence, recording = gaits.sequences[index], self._study.recording(index)
        usable = gaits.usable(sequence.first, sequence.last)
        frames = [i for i in recording.shown if usable[i]]
        if not frames:
            raise InputError(
                f"{sequence.name} shows nobody in colour: leave it out of the data set"
            )
        originals = [gaits.mask(sequence.first + i) for i in frames]
        pictures = [recording.frame(i) for i in frames]
        scene = recording.background
        if method == CLEAN:
            return ColouredClip(sequence, pictures, originals, originals, scene)
        store = self._made(method)
        (first,) = (one.first for one in store.sequences if one.name == sequence.name)
        masks = [store.mask(first + i) for i in frames]
        shots = [
            Shot(picture, original, mask, frame=i)
            for i, picture, original, mask in zip(frames, pictures, originals, masks, strict=True)
        ]
        colourise = self._colouriser
        known = colourise.remember(None, shots)
        shown = []
        for i, shot in enumerate(shots):
            if masks[i].any() and colourise.knows(known, shot):
                shown.append(colourise(shot, scene, known))
            else:
                shown.append(scene.copy())
                masks[i] = np.zeros_like(masks[i])
        return ColouredClip(sequence, shown, masks, originals, scene)

    def export(self, method: str) -> None:
        """Writes a method's clips, or those that were filmed, unless they are there.

        As `clips/METHOD/SUBJECT-CONDITION-NUMBER-VIEW.mp4` in the study's folder, names as
        CASIA-B's; `original` in place of a method for those that were filmed. What they
        were made of is written last, to `clips/METHOD.json`: a folder of clips holds nothing else.

        Args:
          method: its name, or `CLEAN`.
        """
        folder = self._study.workdir / "clips" / (ORIGINAL if method == CLEAN else method)
        done, key = folder.with_name(f"{folder.name}.json"), self.key(method)
        if done.exists() and records.read_json(done).get("made_of") == key:
            return
        done.unlink(missing_ok=True)
        # Of other walks, or of another method under this name.
        for path in folder.glob("*.mp4"):
            path.unlink()
        names = []
        for clip in self(method):
            names.append(f"{clip.sequence.name}.mp4")
            write_pictures(folder / names[-1], clip.pictures, RATE)
        records.write_json(done, {"made_of": key, "clips": names})


def chosen(gaits: Gaits, walks: int) -> list[int]:
    """Walks spread over people and conditions, as many in every view.

    Args:
      gaits: to choose from.
      walks: how many in each view at most.

    Returns:
      Rising indices of the store's sequences.
    """
    found: list[int] = []
    views = np.unique(gaits.views)
    count = min(walks, *(int((gaits.views == view).sum()) for view in views))
    for turn, view in enumerate(views):
        here = np.flatnonzero(gaits.views == view)
        people = np.unique(gaits.subjects[here])
        order = []
        for number, person in enumerate(people):
            own = here[gaits.subjects[here] == person]
            # Each view begins with other people, and with other walks of theirs.
            after = (number - turn * count) % len(people)
            own = np.roll(own, -(number + turn) % len(own))
            order += [(place, after, int(gaits.rows[row])) for place, row in enumerate(own)]
        found += [row for *_, row in sorted(order)[:count]]
    return sorted(found)
