"""Applies a trained method to silhouettes. Fails closed."""

import concurrent.futures
import dataclasses
import pathlib
from collections.abc import Sequence

import flax.errors
import jax
import ml_collections
import numpy as np

from gait_jax.gait import contour, silhouette
from gait_jax.gait.codec import RESAMPLED, BodyFrame, ContourCodec
from gait_jax.methods import runs
from gait_jax.methods.base import Method, State
from gait_jax.methods.stgan import STGAN
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint

NO_OUTLINE = "the anonymiser gave no outline"
UNCHANGED = "the anonymised outline equals the original"
UNREADABLE = "unreadable"

# Frames handed to the generator at once: one compiled shape for sequences of every length.
_CHUNK = 64


def _compiler_options() -> dict[str, int]:
    """What XLA is asked for: on the CPU, its usual level compiles longer for the same speed."""
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else {}


@dataclasses.dataclass(frozen=True)
class AnonymizedSequence:
    """What became of a sequence.

    Attributes:
      masks: a mask for each frame, [H, W] uint8 of 0 and 1, empty where there is a problem.
      problems: reasons by frame index for frames that could not be anonymised.
      distance: ‖Ŷ - Y‖₁ a point in body heights, the mean over anonymised frames; NaN without any.
    """

    masks: list[np.ndarray]
    problems: dict[int, str]
    distance: float


@dataclasses.dataclass(frozen=True)
class AnonymizedBody:
    """What became of one silhouette.

    Attributes:
      mask: [H, W] uint8 of 0 and 1, empty where there is a problem.
      problem: why it could not be anonymised, None where it could.
      distance: ‖Ŷ - Y‖₁ a point in body heights; NaN where there is a problem.
    """

    mask: np.ndarray
    problem: str | None
    distance: float


class GaitAnonymizer:
    """A trained method, ready for use on silhouettes.

    Attributes:
      config: the configuration of its training.
      step: the training step of its parameters.
      parameters: all that its results depend on, besides the configuration: a tree of arrays.
    """

    def __init__(self, config: ml_collections.ConfigDict, method: Method, state: State, step: int):
        """Takes an opened training run or exported model.

        Args:
          config: its configuration.
          method: its method, one with `apply`.
          state: a trained state.
          step: the training step of the state.

        Raises:
          InputError: the state does not fit the configuration's networks.
        """
        self.config, self.step = config, step
        self.parameters = {"ema": state.ema, "frozen": state.frozen}
        self._method, self._state = method, state
        self._codec = ContourCodec(config.data.layout, config.data.points)
        try:
            traced = self._trace()
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

    def fingerprint(self) -> str:
        """Names all that its results depend on, besides silhouettes and random keys."""
        return fingerprint(self.config.to_dict(), self.parameters)

    def __call__(self, masks: Sequence[np.ndarray | None], key: jax.Array) -> AnonymizedSequence:
        """Anonymises one person's walk with one draw of noise.

        Args:
          masks: raw masks [H, W] uint8 of 0 and 1 in order of time, each of any size; None for a
            frame that could not be read.
          key: random key of this sequence.

        Returns:
          The anonymised masks, as many as were given and of the same sizes, each person where the
          original stood. A frame that could not be anonymised is empty (None given: 0×0).
        """
        result = [
            np.zeros_like(mask) if mask is not None else np.zeros((0, 0), np.uint8)
            for mask in masks
        ]
        problems: dict[int, str] = {}
        cleaned: dict[int, np.ndarray] = {}
        for i, mask in enumerate(masks):
            if mask is None:
                problems[i] = UNREADABLE
                continue
            body_mask = silhouette.clean(mask)
            flaw = silhouette.flaw(body_mask)
            if flaw:
                problems[i] = flaw
            else:
                cleaned[i] = body_mask
        if not cleaned:
            return AnonymizedSequence(result, problems, float("nan"))

        bodies = self.anonymize_bodies(list(cleaned.values()), key)
        distances = []
        for i, body in zip(cleaned, bodies, strict=True):
            if body.problem:
                problems[i] = body.problem
            else:
                result[i] = body.mask
                distances.append(body.distance)
        distance = float(np.mean(distances)) if distances else float("nan")
        return AnonymizedSequence(result, dict(sorted(problems.items())), distance)

    def anonymize_bodies(
        self,
        masks: Sequence[np.ndarray],
        keys: jax.Array,
        noise_points: Sequence[int] | None = None,
    ) -> list[AnonymizedBody]:
        """Anonymises cleaned silhouettes, of one person or of several.

        Args:
          masks: cleaned masks [H, W] uint8 of 0 and 1, each of any size, not empty.
          keys: the random key of the sequence that all of them are of, or one for each mask [N]:
            equal keys draw the same noise, in whatever call.
          noise_points: for each mask, how many points a padded noise contour has, which is to be
            the same in all of a sequence (see `boundary_points`); None takes all the masks' mean.

        Returns:
          What became of each.
        """
        paths = [contour.trace(mask) for mask in masks]
        frames = [BodyFrame.of_path(path) for path in paths]
        offsets = np.cumsum([0] + [len(path) for path in paths])
        vectors, counts = self._codec.encode_paths(
            np.concatenate(paths), offsets, np.array([(b.x, b.y, b.height) for b in frames])
        )
        generated = self._generate(vectors, counts, keys, noise_points)
        return [
            self._decode(*one)
            for one in zip(masks, vectors, generated, counts, frames, strict=True)
        ]

    def boundary_points(self, mask: np.ndarray) -> int:
        """How many valid points the contour vector of a cleaned mask [H, W] has."""
        if self._codec.layout == RESAMPLED:
            return self._codec.points
        return min(len(contour.trace(mask)), self._codec.points)

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
            mask = self._codec.decode(generated, count, body, original.shape)
            mask = silhouette.clean(silhouette.fill_folds(mask, original))
        if mask is None or not mask.any():
            return AnonymizedBody(np.zeros_like(original), NO_OUTLINE, float("nan"))
        if np.array_equal(mask, original):
            return AnonymizedBody(np.zeros_like(original), UNCHANGED, float("nan"))
        distance = np.abs(generated[:count] - vector[:count]).sum(-1).mean()
        return AnonymizedBody(mask, None, float(distance))

    def _trace(self) -> jax.stages.Lowered:
        vectors = np.zeros((_CHUNK, 1, self._codec.points, 2), np.float32)
        counts = np.zeros((_CHUNK, 1), np.int32)
        keys = jax.random.wrap_key_data(np.zeros((_CHUNK, 2), np.uint32))
        apply = jax.jit(self._method.apply)
        return apply.lower(self._state, vectors, counts, keys, counts[:, 0])

    def _generate(
        self,
        vectors: np.ndarray,
        counts: np.ndarray,
        keys: jax.Array,
        noise_points: Sequence[int] | None = None,
    ) -> np.ndarray:
        """Ŷ [N, P, 2] for Y [N, P, 2], in chunks of one compiled shape.

        G looks at single frames: each is a sequence of one here, so that frames of several people
        share a call. See `anonymize_bodies` for `keys` and `noise_points`.
        """
        if noise_points is None:
            noise_points = np.full(len(vectors), round(counts.mean()))
        keys = np.broadcast_to(jax.random.key_data(keys), (len(vectors), 2))
        generated = np.empty_like(vectors)
        for start in range(0, len(vectors), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            missing = _CHUNK - len(vectors[chunk])

            def fill(x, missing=missing, chunk=chunk):
                return np.pad(x[chunk], [(0, missing)] + [(0, 0)] * (x.ndim - 1), mode="edge")

            out, _ = self._apply.result()(
                self._state,
                fill(vectors)[:, None],
                fill(counts)[:, None],
                jax.random.wrap_key_data(fill(keys)),
                fill(np.asarray(noise_points, np.int32)),
            )
            generated[chunk] = np.asarray(out)[: _CHUNK - missing, 0]
        return generated


def open_anonymizer(workdir: pathlib.Path) -> GaitAnonymizer:
    """Opens a training run of ST-GAN for methods that build on anonymised gaits.

    Args:
      workdir: its folder.

    Raises:
      InputError: it is no training run of ST-GAN, or has no checkpoint.
    """
    return GaitAnonymizer(*runs.load_run(workdir, {"stgan": STGAN}))
