"""Applies a trained method to silhouette sequences. Fails closed."""

import dataclasses
import pathlib
from collections.abc import Sequence

import jax
import ml_collections
import numpy as np

from gait_jax.gait import contour, silhouette
from gait_jax.gait.codec import BodyFrame, ContourCodec
from gait_jax.methods import runs
from gait_jax.methods.base import Method, State
from gait_jax.methods.stgan import STGAN
from gait_jax.runtime.fingerprint import fingerprint

NO_OUTLINE = "the anonymiser gave no outline"
UNCHANGED = "the anonymised outline equals the original"
UNREADABLE = "unreadable"

# Frames handed to the generator at once: one compiled shape for sequences of every length.
_CHUNK = 64


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


class GaitAnonymizer:
    """A trained method, ready for use on silhouettes.

    Attributes:
      config: the configuration of its training.
      step: the training step of its parameters.
      parameters: all that its results depend on, besides the configuration: a tree of arrays.
    """

    def __init__(self, config: ml_collections.ConfigDict, method: Method, state: State, step: int):
        """Takes an opened training run.

        Args:
          config: its configuration.
          method: its method, one with `apply`.
          state: a trained state.
          step: the training step of the state.
        """
        self.config, self.step = config, step
        self.parameters = {"ema": state.ema, "frozen": state.frozen}
        self._state = state
        self._codec = ContourCodec(config.data.layout, config.data.points)
        self._apply = jax.jit(method.apply)

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

        paths = [contour.trace(mask) for mask in cleaned.values()]
        bodies = [BodyFrame.of_path(path) for path in paths]
        offsets = np.cumsum([0] + [len(path) for path in paths])
        vectors, counts = self._codec.encode_paths(
            np.concatenate(paths), offsets, np.array([(b.x, b.y, b.height) for b in bodies])
        )
        generated = self._generate(vectors, counts, key)

        distances = []
        for i, original, generated_vector, count, body in zip(
            cleaned, vectors, generated, counts, bodies, strict=True
        ):
            mask = None
            if np.isfinite(generated_vector[:count]).all():
                mask = self._codec.decode(generated_vector, count, body, result[i].shape)
                mask = silhouette.clean(silhouette.fill_folds(mask, cleaned[i]))
            if mask is None or not mask.any():
                problems[i] = NO_OUTLINE
            elif np.array_equal(mask, cleaned[i]):
                problems[i] = UNCHANGED
            else:
                result[i] = mask
                distances.append(np.abs(generated_vector[:count] - original[:count]).sum(-1).mean())
        distance = float(np.mean(distances)) if distances else float("nan")
        return AnonymizedSequence(result, dict(sorted(problems.items())), distance)

    def _generate(self, vectors: np.ndarray, counts: np.ndarray, key: jax.Array) -> np.ndarray:
        """Ŷ [T, P, 2] for Y [T, P, 2] with one noise contour, in chunks of one compiled shape."""
        noise_counts = np.array([round(counts.mean())], np.int32)
        generated = np.empty_like(vectors)
        for start in range(0, len(vectors), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            missing = _CHUNK - len(vectors[chunk])
            filled = np.pad(vectors[chunk], ((0, missing), (0, 0), (0, 0)), mode="edge")
            filled_counts = np.pad(counts[chunk], (0, missing), mode="edge")
            out, _ = self._apply(
                self._state, filled[None], filled_counts[None], key[None], noise_counts
            )
            generated[chunk] = np.asarray(out)[0, : _CHUNK - missing]
        return generated


def open_anonymizer(workdir: pathlib.Path) -> GaitAnonymizer:
    """Opens a training run of ST-GAN for methods that build on anonymised gaits.

    Args:
      workdir: its folder.

    Raises:
      InputError: it is no training run of ST-GAN, or has no checkpoint.
    """
    return GaitAnonymizer(*runs.load_run(workdir, {"stgan": STGAN}))
