"""Inversion: a network gives the original's contours back from the anonymised ones."""

from collections.abc import Sequence

import jax
import numpy as np
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait import picture, silhouette
from gait_jax.gait.codec import RESAMPLED, ContourCodec
from gait_jax.methods import descent, fields
from gait_jax.methods.base import (
    Batch,
    Metrics,
    State,
    TrainedMethod,
    Tree,
)
from gait_jax.methods.optimizers import adam
from gait_jax.models.generators import total_stride
from gait_jax.models.inversion import ContourInverter
from gait_jax.runtime import keys

# Windows handed to the network at once: one compiled shape for walks of every length.
_CHUNK = 4
_SHOWN, _FRAMES = 4, 12


class ContourInversion(TrainedMethod):
    """Learns from anonymised gaits and their originals what an anonymiser leaves of a person.

    Eq 6 of Tieu et al. (2019) towards the original, and no more: what is asked is not whether the
    result looks natural. Batches hold "contours" and "originals", [B, T, P, 2] float32 in body
    heights (see `data.window_pairs`).
    """

    FIELDS = {
        **fields.TRAINING,
        **fields.DATA,
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        "data.points": fields.whole(8),
        "data.frames": fields.whole(),
        "data.stride": fields.whole(),
        "network.widths": fields.wholes(),
        "loss.norm": fields.one_of(losses.L1, losses.L2),
        **fields.below("optimizer", fields.ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        widths = tuple(config.network.widths)
        fields.check_divides(
            "data.points", config.data.points, "the strides of network.widths", total_stride(widths)
        )
        self.network = ContourInverter(widths, self.dtype)
        self.optimizer = adam(config, "optimizer")

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.window_pairs import pair_windows

        return pair_windows(dataset, self.config.data, progress)

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        window = jnp.zeros((1, self.config.data.frames, self.config.data.points, 2))
        params = self.network.init(keys.stream(self.config.seed, self.config.method), window)
        return State(
            step=jnp.zeros((), jnp.int32),
            params={"network": params},
            opt={"network": self.optimizer.init(params)},
            ema={"network": params},
            frozen={},
        )

    def _distance(self, contours: jax.Array, batch: Batch, norm: str) -> jax.Array:
        return losses.contour_distance(
            contours, batch["originals"], jnp.ones(contours.shape[:-1]), norm
        )

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        def loss(params, part):
            found = self._distance(
                self.network.apply(params, part["contours"]), part, self.config.loss.norm
            )
            return found, {"loss": found}

        config = self.config
        return descent.step(
            state, batch, "network", self.optimizer, loss, config.accumulate, config.ema_decay
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        """How far from the original the anonymised contours are, and what is given back."""
        inverted = self.network.apply(state.ema["network"], batch["contours"])
        return {
            "anonymized_from_original": self._distance(batch["contours"], batch, losses.L1),
            "inverted_from_original": self._distance(inverted, batch, losses.L1),
        }

    def samples(self, state: State, batch: Batch) -> Tree:
        return self.network.apply(state.ema["network"], batch["contours"])

    def picture(self, batch: Batch, samples: np.ndarray) -> np.ndarray:
        drawn = {
            "original": batch["originals"],
            "anonymized": batch["contours"],
            "inverted": samples,
        }
        rows = {}
        for i in range(min(_SHOWN, len(samples))):
            for name, contours in drawn.items():
                window = contours[i, :_FRAMES]
                rows[f"{name} {i}"] = picture.draw(
                    window, np.full(len(window), self.config.data.points)
                )
        return picture.sheet(rows)

    def inverter(self, state: State) -> "WalkInverter":
        return WalkInverter(self.network, state.ema["network"], self.config.data)


class WalkInverter:
    """A trained network, ready for use on silhouettes."""

    def __init__(self, network: ContourInverter, params: Tree, data):
        """Takes a trained network.

        Args:
          network: gives contours back.
          params: its parameters.
          data: of its configuration: points and frames.
        """
        self._codec, self._frames = ContourCodec(RESAMPLED, data.points), data.frames
        self._apply, self._params = jax.jit(network.apply), params

    def __call__(self, masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """See `contracts.Inverter`: a body is as tall as the anonymised one, and in its place."""
        encoded = [self._codec.encode(mask) for mask in masks]
        inverted = self._inverted(np.stack([vector for vector, _, _ in encoded]))
        found = []
        for mask, (_, count, body), vector in zip(masks, encoded, inverted, strict=True):
            filled = self._codec.decode(vector, count, body, mask.shape)
            found.append(silhouette.fill_folds(filled, mask))
        return found

    def _inverted(self, vectors: np.ndarray) -> np.ndarray:
        """[N, P, 2] of one walk → the same, in windows of the length that was trained on.

        The last window reaches back; a walk that is shorter than one stands still at its end.
        """
        frames = self._frames
        walk = np.pad(vectors, [(0, max(frames - len(vectors), 0)), (0, 0), (0, 0)], mode="edge")
        starts = np.minimum(np.arange(0, len(walk), frames), len(walk) - frames)
        result = np.empty_like(walk)
        for first in range(0, len(starts), _CHUNK):
            some = starts[first : first + _CHUNK]
            windows = np.stack([walk[start : start + frames] for start in some])
            filled = np.pad(windows, [(0, _CHUNK - len(some))] + [(0, 0)] * 3, mode="edge")
            made = np.asarray(self._apply(self._params, filled))
            for start, window in zip(some, made[: len(some)], strict=True):
                result[start : start + frames] = window
        return result[: len(vectors)]
