"""Clips in colour of people who walk, and of what is none: what an onlooker learns from."""

import dataclasses
import functools
from collections.abc import Sequence

import ml_collections
import numpy as np

from gait_jax.data.batches import Batch, TrainingData
from gait_jax.data.made_clips import open_made
from gait_jax.gait import following
from gait_jax.gait.following import EVERY, KINDS, NO_WALKS, WALKING
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia.walkers import camera, generation, recording, wardrobe
from tfds_casia.walkers.recording import WalkName

# Part of the key: raise it when the same seed films other clips.
VERSION = 1

# These need the person put on the empty scene. The others are shown so now and then, and walks as
# often as all of them together: what is put on a scene must tell nothing of what it does.
_PUT = ("sliding", "swapped", "cut")
_PUT_OTHERS = 0.25
PUT_WALKS = (len(_PUT) + _PUT_OTHERS * (len(NO_WALKS) - len(_PUT))) / len(NO_WALKS)
# Frames more than are shown, so that walks begin at any moment.
_SPARE = 3
# Frames of half a cycle at usual cadences.
_HALF_CYCLE = 7
# Standard deviation of the camera's noise, at most, in grey levels.
_NOISE = 4.0


@dataclasses.dataclass(frozen=True)
class Form:
    """How clips are shown.

    Attributes:
      frames: T.
      size: S, rows and columns.
      reach: side of the squares around the person, in their heights.
    """

    frames: int
    size: int
    reach: float


def film(seed: int, form: Form, index: int) -> dict[str, np.ndarray]:
    """Films a walk of somebody whom no data set has; the same numbers give the same one.

    Args:
      seed: of all walks; not 0, which is that of the data sets.
      form: how it is shown.
      index: of the walk.

    Returns:
      {"pictures" and "scenes": [F, S, S, 3] uint8 red, green, blue, with and without the person,
      "masks": [F, S, S] uint8 of 0 and 1}, of `form.frames` and some more.
    """
    rng, count = recording.stream("onlooker", seed, index), form.frames + _SPARE
    condition = wardrobe.CONDITIONS[rng.integers(len(wardrobe.CONDITIONS))]
    view = int(camera.VIEWS[rng.integers(len(camera.VIEWS))])
    sequence, walk = 0, None
    # Who walks fast is soon out of sight: the next walk may be slower.
    while walk is None or len(walk.phase) < EVERY * count:
        sequence += 1
        name = WalkName(index + 1, condition, sequence)
        walk = recording.move(seed, name)
    start = int(rng.integers(len(walk.phase) - EVERY * count + 1))
    walk = walk.part(slice(start, start + EVERY * count, EVERY))
    pictures, masks, scene = generation.filmed(seed, name, walk, view)
    masks = masks // 255
    places = following.squares(masks, form.reach, EVERY)

    def cut(frames: Sequence[np.ndarray]) -> np.ndarray:
        pairs = zip(frames, places, strict=True)
        return np.stack([following.cut(*one, form.size) for one in pairs])

    coloured = {"pictures": pictures, "scenes": [scene] * count}
    return {name: cut(frames)[..., ::-1] for name, frames in coloured.items()} | {
        "masks": cut(masks)
    }


class OnlookerClips:
    """Half of them walks, half what is none, drawn anew each time; random access."""

    def __init__(self, filmed: dict[str, np.ndarray], frames: int):
        """Takes walks as `film` gives them, [N, F, ...] each.

        Args:
          filmed: them.
          frames: T of a clip.
        """
        self._filmed, self._frames = filmed, frames

    def __len__(self) -> int:
        return len(self._filmed["masks"])

    def _part(self, index: int, start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        part = slice(start, start + self._frames)
        return tuple(
            np.array(self._filmed[name][index, part]) for name in ("pictures", "scenes", "masks")
        )

    def clip(
        self, index: int, kind: str, rng: np.random.Generator, put: float = PUT_WALKS
    ) -> np.ndarray:
        """One clip.

        Args:
          index: of the walk that it is made of.
          kind: one of `following.KINDS`.
          rng: of what is random about it.
          put: the share of walks in which the person is put on the empty scene.

        Returns:
          [T, S, S, 3] uint8.
        """
        count = self._frames
        pictures, scenes, masks = self._part(index, int(rng.integers(_SPARE + 1)))
        on_scene = rng.random() < (put if kind == WALKING else _PUT_OTHERS)
        order = np.arange(count)
        if kind in ("frozen", "sliding"):
            order = np.full(count, rng.integers(count))
        elif kind == "backwards":
            order = order[::-1]
        elif kind == "shuffled":
            order = rng.permutation(count)
        people = pictures[order], masks[order]
        # Who is carried along goes through the scene as they went; all others take it with them.
        scenes = scenes if kind in _PUT else scenes[order]
        if kind == "swapped":
            _swap(*people)
        elif kind == "cut":
            other = (index + 1 + int(rng.integers(len(self) - 1))) % len(self)
            theirs = self._part(other, int(rng.integers(_SPARE + 1)))
            since = int(rng.integers(count // 3, count - count // 3))
            for own, their in zip(people, (theirs[0], theirs[2]), strict=True):
                own[since:] = their[since:]
        if on_scene or kind in _PUT:
            return np.where(people[1][..., None] > 0, people[0], scenes)
        return people[0]

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """Draws some clips.

        Args:
          indices: [B] int, of the walks that they are made of.
          seeds: [B] uint32.

        Returns:
          {"clips": [B, T, S, S, 3] uint8 red, green, blue, "kind": [B] int32 (see
          `following.KINDS`)}.
        """
        clips, kinds = [], []
        for index, seed in zip(indices, seeds, strict=True):
            rng = np.random.default_rng(seed)
            kind = 0 if rng.random() < 0.5 else 1 + int(rng.integers(len(NO_WALKS)))
            clips.append(changed(self.clip(int(index), KINDS[kind], rng), rng))
            kinds.append(kind)
        return {"clips": np.stack(clips), "kind": np.array(kinds, np.int32)}


def _swap(pictures: np.ndarray, masks: np.ndarray) -> None:
    """Takes the upper half of the body from half a cycle later, in place.

    Squares are as the bodies are, so that halves meet at the hips.
    """
    count = len(masks)
    later = np.arange(count) + _HALF_CYCLE
    # Beyond the last frame, a cycle before.
    later = np.where(later < count, later, later - 2 * _HALF_CYCLE).clip(0)
    upper = slice(0, masks.shape[1] // 2)
    for own in (pictures, masks):
        own[:, upper] = own[later, upper]


def changed(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A clip as another camera may show it: mirrored, in other light and colours, with noise.

    Args:
      clip: [T, S, S, 3] uint8.
      rng: of how.
    """
    clip = clip[:, :, :: rng.choice((-1, 1))][..., rng.permutation(3)]
    light = rng.uniform(0.7, 1.25, 3)
    noise = rng.normal(0, rng.uniform(0, _NOISE), clip.shape)
    return np.clip(clip * light + noise, 0, 255).astype(np.uint8)


def _open(
    config: ml_collections.ConfigDict, seed: int, count: int, progress: bool
) -> OnlookerClips:
    """So many walks of a seed, made first where they are not."""
    form = Form(config.frames, config.size, config.reach)
    shape = (form.frames + _SPARE, form.size, form.size)
    kinds = {"pictures": (*shape, 3), "scenes": (*shape, 3), "masks": shape}
    filmed = open_made(
        config.data_dir,
        f"onlooker_clips-{fingerprint(seed, dataclasses.astuple(form), count, VERSION)}",
        {name: (np.uint8, one) for name, one in kinds.items()},
        count,
        functools.partial(film, seed, form),
        progress,
    )
    return OnlookerClips(filmed, form.frames)


def clip_data(config: ml_collections.ConfigDict, seed: int, progress: bool = True) -> TrainingData:
    """The clips that a configuration asks for.

    Args:
      config: the `data` part: data_dir, clips, held_out, frames, size and reach.
      seed: of the clips; those that are held out have another one, and data sets a third.
      progress: whether to show a progress bar.

    Raises:
      InputError: they cannot be written, or one of the processes that make them was ended.
    """
    train = _open(config, 2 * seed + 1, config.clips, progress)
    held_out = _open(config, 2 * seed + 2, config.held_out, progress)
    description = {"name": "onlooker clips", "synthetic": True, "clips": config.clips}
    return TrainingData(
        train,
        held_out,
        ("frames", config.frames),
        f"{config.clips} made walks in colour, {config.frames} frames of each",
        description,
    )
