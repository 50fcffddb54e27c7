"""The DCGAN anonymiser's colouriser, supervised by eq 9: the baseline of 2020's tables I and II.

2020 says of it that its fully connected layer comes first, that the mask is multiplied at the
start, and that it is trained to be near a ground truth that 2019's colouring gives (eq 9). What was
taken: what is multiplied is the image, by the original gait, so that its colours are extracted from
the background; the loss is L1, over the pixels of the anonymised gait, which alone are shown.
"""

import dataclasses

import jax
import numpy as np
from flax import linen as nn
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.crop import Crop
from gait_jax.methods import descent, fields
from gait_jax.methods.base import Batch, Metrics, State, Tree
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.crops import CROP_DATA, NETWORK, CropMethod, sheet
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.optimizers import adam
from gait_jax.models.dcgan_colour import DenseColouriser
from gait_jax.runtime import keys


class DCGANColour(CropMethod):
    """Trains a network to paint what eq 9 paints.

    Batches are those of `data.crops`, and "targets" [B, S, S, 3] uint8, what eq 9 makes of them.
    """

    FIELDS = {
        **fields.TRAINING,
        **CROP_DATA,
        "network.widths": fields.wholes(),
        "network.hidden": fields.whole(),
        **fields.below("optimizer", fields.ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        network, size = config.network, config.data.size
        fields.check_divides(
            "data.size", size, "the stages of network.widths", 2 ** len(network.widths)
        )
        self.network = DenseColouriser(tuple(network.widths), network.hidden, self.dtype)
        self.optimizer = adam(config, "optimizer")

    def open_data(self, dataset, prerequisites, progress):
        data = super().open_data(dataset, prerequisites, progress)
        return dataclasses.replace(
            data, train=Supervised(data.train), held_out=Supervised(data.held_out)
        )

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        size = self.config.data.size
        image, mask = jnp.zeros((1, size, size, 3)), jnp.zeros((1, size, size))
        key = keys.stream(self.config.seed, "dcgan_colour")
        params = jax.jit(self.network.init)(key, image, mask, mask)
        return self.fresh(params, self.optimizer)

    def _output(self, params: Tree, batch: Batch) -> jax.Array:
        """What the network paints, [B, S, S, 3] in 0..1."""
        image = batch["images"].astype(jnp.float32) / 255
        gaits = (batch[name].astype(jnp.float32) for name in ("originals", "masks"))
        return self.network.apply(params, image, *gaits)

    def _loss(self, params: Tree, batch: Batch) -> tuple[jax.Array, Metrics]:
        target = batch["targets"].astype(jnp.float32) / 255
        mask = batch["masks"].astype(jnp.float32)
        loss = losses.centre_reconstruction(target, self._output(params, batch), mask)
        return loss, {"loss": loss}

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config = self.config
        return descent.step(
            state, batch, NETWORK, self.optimizer, self._loss, config.accumulate, config.ema_decay
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        return self._loss(state.ema[NETWORK], batch)[1]

    def samples(self, state: State, batch: Batch) -> jax.Array:
        """What the network paints within the mask, [B, S, S, 3] in 0..1."""
        return self._output(state.ema[NETWORK], batch) * batch["masks"][..., None]

    def picture(self, batch: Batch, samples: np.ndarray) -> np.ndarray:
        """Rows: original, both gaits, what eq 9 paints, what the network paints."""
        gaits = (255 * batch[name] for name in ("originals", "masks"))
        return sheet(batch["images"], *gaits, batch["targets"], 255 * samples)

    def colouriser(self, state: State) -> Placed:
        data = self.config.data
        return Placed(Painted(self.network, state.ema[NETWORK], data.size, data.margin))


class Supervised:
    """Crops with what eq 9 makes of them; random access."""

    def __init__(self, crops):
        """Takes crops (see `data.crops.Crops`)."""
        self._crops = crops

    def __len__(self) -> int:
        return len(self._crops)

    def take(self, indices: np.ndarray, seeds: np.ndarray) -> Batch:
        """As the crops', and "targets" [B, S, S, 3] uint8, black outside the anonymised gait."""
        batch = self._crops.take(indices, seeds)
        names = ("images", "originals", "masks")
        return batch | {
            "targets": np.stack([_target(*one) for one in zip(*map(batch.get, names), strict=True)])
        }


def _target(image: np.ndarray, original: np.ndarray, anonymized: np.ndarray) -> np.ndarray:
    black = np.zeros_like(image)
    # An original that segmentation lost has no colours to lend.
    return nearest.colourise(image, black, original, anonymized) if original.any() else black


class Painted:
    """A trained network, for frames of any size, which enlarges its paint (see `placed.Paint`)."""

    def __init__(self, network: nn.Module, params: Tree, size: int, margin: float):
        """Takes a network, its parameters, and size and margin of its training's crops."""
        self._params, self._size, self._margin = params, size, margin
        self._apply = jax.jit(network.apply)

    def __call__(
        self,
        frame: np.ndarray,
        background: np.ndarray,
        original: np.ndarray,
        anonymized: np.ndarray,
    ) -> np.ndarray:
        """Colours an anonymised silhouette; every pixel outside S_An is the background's."""
        result = background.copy()
        if not anonymized.any():
            return result
        crop = Crop.around(anonymized | original, self._margin)
        image = crop.cut(frame, self._size)[None].astype(np.float32) / 255
        gaits = (crop.cut(x, self._size)[None].astype(np.float32) for x in (original, anonymized))
        painted = crop.back(255 * np.array(self._apply(self._params, image, *gaits)[0]))
        inside = anonymized[crop.box] > 0
        result[crop.box][inside] = np.clip(np.rint(painted), 0, 255)[inside].astype(np.uint8)
        return result
