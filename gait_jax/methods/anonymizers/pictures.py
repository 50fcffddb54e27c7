"""A generator of pictures of whole silhouettes, ready for use on silhouettes of any size."""

import dataclasses
from collections.abc import Callable, Sequence

import flax.errors
import jax
import ml_collections
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.gait.framing import Framing
from gait_jax.gait.naturalness import RAW, is_one_region, is_person_like
from gait_jax.gait.silhouette import CleanSettings
from gait_jax.methods.base import Tree
from gait_jax.methods.contracts import NO_OUTLINE, UNCHANGED, AnonymizedBody, Anonymizer, Seen
from gait_jax.runtime.errors import InputError

# Frames handed to the generator at once: one compiled shape for walks of every length.
_CHUNK = 64
# Seconds to each side over which a person's height is read, and where their feet are, and the share
# of frames in which they are less tall: ghosts and shadows make people taller for longer than what
# is torn off makes them shorter.
_AROUND, _BELOW = 0.8, 0.25
# Nobody who is drawn has a hole in their body: larger ones are filled than originals' are.
_FILLED = CleanSettings(hole=0.1)


@dataclasses.dataclass(frozen=True)
class Glimpse:
    """What is kept of a frame.

    Attributes:
      height: of the silhouette, pixels.
      bottom: the edge below its lowest row, counted from the picture's upper edge.
      shape: of the mask.
      corner: where it lies in the picture.
    """

    height: int
    bottom: int
    shape: tuple[int, int]
    corner: tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Person:
    """A person's draw of noise, how tall they are, and where they stand.

    Attributes:
      noise: z [Z] float32.
      heights: of the whole person in each frame, pixels; NaN where nobody knows.
      bottoms: the edge below their lowest row in the picture, likewise.
    """

    noise: np.ndarray
    heights: np.ndarray
    bottoms: np.ndarray

    def framing(self, one: Seen) -> Framing:
        """Where the whole person's small picture lies in what is seen of them."""
        height, bottom = self.heights[one.frame], self.bottoms[one.frame] - one.corner[1]
        return Framing.of(
            one.mask, *(None if np.isnan(known) else float(known) for known in (height, bottom))
        )


class PictureAnonymizer(Anonymizer):
    """A trained generator of pictures, for silhouettes of any size.

    Where a part of somebody is missing their height, and where their feet are, is that of the
    frames around. Measures
    `naturalness.RAW` of what is drawn, before specks are mended.
    """

    def __init__(
        self,
        draw: Callable[[Tree, jax.Array, jax.Array], jax.Array],
        params: Tree,
        data: ml_collections.ConfigDict,
        numbers: int,
    ):
        """Takes a trained generator.

        Args:
          draw: (parameters, pictures [B, H, W] uint8 of 0..255, z [B, Z]) → [B, H, W] logits.
          params: of G.
          data: of its configuration: size and columns.
          numbers: Z.

        Raises:
          InputError: the parameters do not fit the configuration's networks.
        """
        self._params, self._numbers = params, numbers
        self._shape = (data.size, data.columns)
        pictures = np.zeros((_CHUNK, *self._shape), np.uint8)
        try:
            lowered = jax.jit(draw).lower(params, pictures, np.zeros((_CHUNK, numbers), np.float32))
        except flax.errors.FlaxError as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                f"the model does not fit the networks of its config.json ({reason}): it was "
                "edited, or made by another version; export it anew (python -m gait_jax.export)"
            ) from None
        self._draw = lowered.compile()

    def glimpse(self, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Glimpse:
        """How tall the silhouette is, and where it stands."""
        rows = np.flatnonzero(mask.any(axis=1))
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        return Glimpse(bottom - top, corner[1] + bottom, mask.shape, (corner[0], corner[1]))

    def person(self, glimpses: Sequence[Glimpse | None], key: jax.Array, rate: float) -> Person:
        seen = [one for one in glimpses if one is not None]
        # Masks of several sizes that lie nowhere in particular are no pictures of one camera.
        apart = len({one.shape for one in seen}) > 1 and {one.corner for one in seen} == {(0, 0)}
        own = np.full((2, len(glimpses)), np.nan)
        for t, one in enumerate(glimpses):
            if one is not None:
                own[:, t] = one.height, np.nan if apart else one.bottom
        around = max(1, round(_AROUND * rate))
        known = np.full_like(own, np.nan)
        for t in np.flatnonzero(~np.isnan(own[0])):
            heights, bottoms = own[:, max(t - around, 0) : t + around + 1]
            known[0, t] = np.nanquantile(heights, _BELOW)
            known[1, t] = np.nan if apart else np.nanmedian(bottoms)
        noise = np.asarray(jax.random.normal(key, (self._numbers,)), np.float32)
        return Person(noise, *known)

    def is_whole(self, body: np.ndarray, original: np.ndarray) -> bool:
        # The original may be torn: how tall and large it is says nothing of who was made.
        del original
        return is_one_region(body)

    def bodies(self, people: Sequence[Person], seen: Sequence[Seen]) -> list[AnonymizedBody]:
        framings = [person.framing(one) for person, one in zip(people, seen, strict=True)]
        pictures = np.stack(
            [f.cut(one.mask, *self._shape) for f, one in zip(framings, seen, strict=True)]
        )
        noise = np.stack([person.noise for person in people])
        drawn = []
        for start in range(0, len(pictures), _CHUNK):
            # The last ones, once more, fill the last chunk up: one shape to compile for.
            chosen = np.minimum(np.arange(start, start + _CHUNK), len(pictures) - 1)
            made = np.asarray(self._draw(self._params, pictures[chosen], noise[chosen]))
            drawn.extend(made[: len(pictures) - start])
        return [self._laid(*one) for one in zip(drawn, framings, seen, strict=True)]

    @staticmethod
    def _laid(drawn: np.ndarray, framing: Framing, one: Seen) -> AnonymizedBody:
        """A drawn person, where the original stood."""
        empty = np.zeros_like(one.mask)
        if not np.isfinite(drawn).all():
            return AnonymizedBody(empty, NO_OUTLINE)
        raw = framing.back(drawn, one.mask.shape)
        if not raw.any():
            return AnonymizedBody(empty, NO_OUTLINE)
        mask = silhouette.largest(silhouette.clean(raw, _FILLED))
        if np.array_equal(mask, one.mask):
            return AnonymizedBody(empty, UNCHANGED)
        return AnonymizedBody(mask, None, {RAW: float(is_person_like(raw, one.mask))})
