"""What methods share that learn from windows of contours, and how they are applied."""

import concurrent.futures
import dataclasses
from collections.abc import Callable, Sequence

import flax.errors
import jax
import ml_collections
import numpy as np

from gait_jax.gait import contour, picture, silhouette
from gait_jax.gait.codec import PADDED, RESAMPLED, BodyFrame, ContourCodec
from gait_jax.gait.naturalness import RAW, is_person_like
from gait_jax.methods import fields
from gait_jax.methods.base import State, TrainedMethod
from gait_jax.methods.contracts import NO_OUTLINE, UNCHANGED, AnonymizedBody, Anonymizer, Seen
from gait_jax.runtime.errors import InputError

# Of every method that trains on contours.
CONTOUR_DATA: fields.Fields = {
    **fields.DATA,
    "data.layout": fields.one_of(PADDED, RESAMPLED),
    "data.points": fields.whole(8),
    "data.frames": fields.whole(),
    "data.stride": fields.whole(),
}


class ContourMethod(TrainedMethod):
    """A method that trains on windows of contours.

    Batches hold "contours" [B, T, Q, 2] float32 in body heights, "counts" [B, T] int32 valid points
    and "noise_seed" [B] uint32; Q of P points, beyond which no contour of the set reaches. Samples
    are contours by name ("noise", "anonymized"): ([B, T, Q or P, 2] in body heights, counts
    [B, T]).
    """

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.windows import window_data

        return window_data(dataset, self.config.data, progress)

    def picture(self, batch, samples):
        return picture.compare({"original": (batch["contours"], batch["counts"])} | samples)


# Frames handed to the generator at once: one compiled shape for sequences of every length.
_CHUNK = 64

# (state, Y [B, T, P, 2], valid points [B, T], what was drawn for each person [B, ...], points of a
# padded noise contour [B]) → Ŷ [B, T, P, 2]; contours in body heights.
Apply = Callable[[State, jax.Array, jax.Array, jax.Array, jax.Array], jax.Array]
# (state, what was drawn for a person [...]) → the noise contour [P, 2] in body heights.
Noise = Callable[[State, jax.Array], jax.Array]


def _compiler_options() -> dict[str, int]:
    """What XLA is asked for: on the CPU, its usual level compiles longer for the same speed."""
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else {}


def _key_itself(key: jax.Array) -> np.ndarray:
    return np.asarray(jax.random.key_data(key))


@dataclasses.dataclass(frozen=True)
class Person:
    """A person's draw of noise.

    Attributes:
      drawn: for them alone, [...].
      points: how many points a padded noise contour has, the same in all of a person's frames.
    """

    drawn: np.ndarray
    points: int


class ContourAnonymizer(Anonymizer):
    """A trained generator of contours, ready for use on silhouettes.

    Measures "distance": ‖Ŷ - Y‖₁ a point in body heights, and `naturalness.RAW` of the outline as
    it was filled, before folds and specks are mended.
    """

    def __init__(
        self,
        apply: Apply,
        state: State,
        data: ml_collections.ConfigDict,
        draw: Callable[[jax.Array], np.ndarray] = _key_itself,
        noise: Noise | None = None,
    ):
        """Takes a trained generator.

        Args:
          apply: the generator; it looks at single frames.
          state: a trained state.
          data: of its configuration: layout and points.
          draw: what the generator takes of a person's random key, always of one shape; by default
            the key itself as numbers, [2] uint32.
          noise: what the noise contour is of what was drawn; None where there is no such contour.

        Raises:
          InputError: the state does not fit the configuration's networks.
        """
        self._state, self._draw = state, draw
        self._noise = jax.jit(noise) if noise else None
        self._codec = ContourCodec(data.layout, data.points)
        try:
            traced = self._trace(apply)
        except flax.errors.FlaxError as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                f"the model does not fit the networks of its config.json ({reason}): it was "
                "edited, or made by another version; export it anew (python -m gait_jax.export)"
            ) from None
        # One shape serves every call: it is compiled while the caller reads what to anonymise.
        pool = concurrent.futures.ThreadPoolExecutor(1)
        self._apply = pool.submit(traced.compile, compiler_options=_compiler_options())
        pool.shutdown(wait=False)

    def glimpse(self, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> int:
        """How many points the contour has, where that matters."""
        del corner
        return len(contour.trace(mask)) if self._codec.layout == PADDED else 0

    def person(self, glimpses: Sequence[int | None], key: jax.Array, rate: float) -> Person:
        del rate
        points = self._codec.points
        if self._codec.layout == PADDED:
            counts = [min(count, points) for count in glimpses if count is not None]
            points = round(float(np.mean(counts)))
        return Person(self._draw(key), points)

    def bodies(self, people: Sequence[Person], seen: Sequence[Seen]):
        masks = [one.mask for one in seen]
        paths = [contour.trace(mask) for mask in masks]
        frames = [BodyFrame.of_path(path) for path in paths]
        offsets = np.cumsum([0] + [len(path) for path in paths])
        vectors, counts = self._codec.encode_paths(
            np.concatenate(paths), offsets, np.array([(b.x, b.y, b.height) for b in frames])
        )
        shown = [self._shown(*one) for one in zip(people, seen, strict=True)]
        generated = self._generate(shown, vectors, counts)
        return [
            self._decode(*one)
            for one in zip(masks, vectors, generated, counts, frames, strict=True)
        ]

    def noise(self, person: Person) -> np.ndarray | None:
        return np.asarray(self._noise(self._state, person.drawn)) if self._noise else None

    def _shown(self, person: Person, one: Seen) -> Person:
        """What of a person's draw one of their frames is given: all of it."""
        del one
        return person

    def _decode(
        self,
        original: np.ndarray,
        vector: np.ndarray,
        generated: np.ndarray,
        count: int,
        body: BodyFrame,
    ) -> AnonymizedBody:
        mask = None
        if np.isfinite(generated[:count]).all():
            raw = self._codec.decode(generated, count, body, original.shape)
            mask = silhouette.clean(silhouette.fill_folds(raw, original))
        if mask is None or not mask.any():
            return AnonymizedBody(np.zeros_like(original), NO_OUTLINE)
        if np.array_equal(mask, original):
            return AnonymizedBody(np.zeros_like(original), UNCHANGED)
        distance = np.abs(generated[:count] - vector[:count]).sum(-1).mean()
        measures = {"distance": float(distance), RAW: float(is_person_like(raw, original))}
        return AnonymizedBody(mask, None, measures)

    def _trace(self, apply: Apply) -> jax.stages.Lowered:
        vectors = np.zeros((_CHUNK, 1, self._codec.points, 2), np.float32)
        counts = np.zeros((_CHUNK, 1), np.int32)
        drawn = np.stack([self._draw(jax.random.key(0))] * _CHUNK)
        return jax.jit(apply).lower(self._state, vectors, counts, drawn, counts[:, 0])

    def _generate(
        self, people: Sequence[Person], vectors: np.ndarray, counts: np.ndarray
    ) -> np.ndarray:
        """Ŷ [N, P, 2] for Y [N, P, 2], in chunks of one compiled shape.

        The generator looks at single frames: each is a sequence of one here, so that frames of
        several people share a call.
        """
        drawn = np.stack([person.drawn for person in people])
        points = np.array([person.points for person in people], np.int32)
        generated = np.empty_like(vectors)
        for start in range(0, len(vectors), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            missing = _CHUNK - len(vectors[chunk])

            def fill(x, missing=missing, chunk=chunk):
                return np.pad(x[chunk], [(0, missing)] + [(0, 0)] * (x.ndim - 1), mode="edge")

            out = self._apply.result()(
                self._state,
                fill(vectors)[:, None],
                fill(counts)[:, None],
                fill(drawn),
                fill(points),
            )
            generated[chunk] = np.asarray(out)[: _CHUNK - missing, 0]
        return generated
