"""Colour transfer: paints an anonymised gait with the original's colours (2020 §III)."""

from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn
from jax import numpy as jnp

from gait_jax import losses
from gait_jax.gait.crop import Crop
from gait_jax.methods import descent, fields
from gait_jax.methods.base import Batch, Metrics, State
from gait_jax.methods.colourisers.crops import CROP_DATA, NETWORK, CropMethod, sheet
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.optimizers import adam
from gait_jax.models.colour_transfer import ColourTransferNetwork, composed, offsets
from gait_jax.runtime import keys
from gait_jax.runtime.errors import InputError


class ColourTransfer(CropMethod):
    """Trains Φ without ground truth: the centre from the original, the edge in the centre's style.

    Batches hold "images" [B, S, S, 3] uint8, x_rgb, "masks" [B, S, S] uint8 of 0 and 1, x_bi,
    "originals", the original gait likewise, which is looked at with `loss.overlap` alone, and
    "backgrounds", the scene without the person, as the images, which is looked at with
    `network.background` alone.
    """

    VERSION = 2
    FIELDS = {
        **fields.TRAINING,
        **CROP_DATA,
        "network.widths": fields.wholes(),
        "network.hidden": fields.whole(),
        "network.copy": fields.flag,
        "network.reach": fields.wholes(most=4096),
        "network.background": fields.flag,
        "loss.overlap": fields.flag,
        "loss.kernel": fields.whole(1, 4095),
        "loss.grid": fields.wholes(fewest=2, longest=2),
        "loss.reconstruction": fields.number(),
        "loss.style": fields.number(),
        **fields.below("optimizer", fields.ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        size, network, loss = config.data.size, config.network, config.loss
        fields.check_divides(
            "data.size", size, "the stages of network.widths", 2 ** len(network.widths)
        )
        for share in loss.grid:
            fields.check_divides("data.size", size, "loss.grid", share)
        if loss.kernel % 2 == 0:
            raise InputError(f"loss.kernel {loss.kernel} is even: use an odd number")
        self.network = ColourTransferNetwork(
            tuple(network.widths),
            network.hidden,
            network.copy,
            tuple(network.reach),
            network.background,
            self.dtype,
        )
        self._moves = offsets(network.reach) if network.copy else []
        self.optimizer = adam(config, "optimizer")

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        size = self.config.data.size
        key = keys.stream(self.config.seed, "colour_transfer")
        image, mask = jnp.zeros((1, size, size, 3)), jnp.zeros((1, size, size))
        params = self.network.init(key, image, mask, image)
        return self.fresh(params, self.optimizer)

    def _output(self, params, batch: Batch) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
        """(x_rgb in 0..1, x_bi, Φ, the paint's share)."""
        image = batch["images"].astype(jnp.float32) / 255
        mask = batch["masks"].astype(jnp.float32)
        background = batch["backgrounds"].astype(jnp.float32) / 255
        paint, shares = self.network.apply(params, image, mask, background)
        output = composed(image, mask, paint, shares, self._moves)
        return image, mask, output, shares[..., 0]

    def _loss(self, params, batch: Batch) -> tuple[jax.Array, Metrics]:
        loss = self.config.loss
        image, mask, output, painted = self._output(params, batch)
        shared = mask * batch["originals"] if loss.overlap else mask
        centre = losses.erode(shared, loss.kernel)
        edge = mask - centre
        grid = tuple(loss.grid)
        metrics = {
            "loss_reconstruction": losses.centre_reconstruction(image, output, centre),
            "loss_style": losses.edge_style(image, output, centre, edge, grid),
            "painted_centre": (painted * centre).sum() / jnp.maximum(centre.sum(), 1),
            "painted_edge": (painted * edge).sum() / jnp.maximum(edge.sum(), 1),
        }
        total = loss.reconstruction * metrics["loss_reconstruction"]
        total += loss.style * metrics["loss_style"]
        return total, metrics | {"loss": total}

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        config = self.config
        return descent.step(
            state,
            batch,
            NETWORK,
            self.optimizer,
            self._loss,
            config.accumulate,
            config.ema_decay,
        )

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        return self._loss(state.ema[NETWORK], batch)[1]

    def samples(self, state: State, batch: Batch) -> tuple[jax.Array, jax.Array]:
        """(Φ [B, S, S, 3], the paint's share [B, S, S]), both in 0..1."""
        return self._output(state.ema[NETWORK], batch)[2:]

    def picture(self, batch: Batch, samples: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Rows: original, anonymised gait, Φ, the paint's share in it; blue, green, red."""
        output, painted = samples
        masks = batch["masks"]
        return sheet(batch["images"], 255 * masks, 255 * output, 255 * (masks * painted))

    def colouriser(self, state: State) -> Placed:
        data = self.config.data
        return Placed(
            Transfer(self.network, state.ema[NETWORK], self._moves, data.size, data.margin)
        )


class Transfer:
    """A trained colour-transfer network, for frames of any size.

    The network sees a small square around the person. Where it takes over the original, the frame's
    own pixels are taken, so that they are as sharp as the frame; what it paints is enlarged.
    """

    def __init__(
        self,
        network: nn.Module,
        params,
        moves: Sequence[tuple[int, int]],
        size: int,
        margin: float,
    ):
        """Takes a network, its parameters and its training's crops.

        Args:
          network: a `models.colour_transfer.ColourTransferNetwork`.
          params: trained.
          moves: where it takes pixels of the original from, in pixels of the crops (rows, columns).
          size: rows and columns of the crops.
          margin: of the crops (see `gait.crop.Crop.around`).
        """
        self._params, self._moves, self._size, self._margin = params, moves, size, margin
        self._apply = jax.jit(network.apply)

    def __call__(
        self,
        frame: np.ndarray,
        background: np.ndarray,
        original: np.ndarray,
        anonymized: np.ndarray,
    ) -> np.ndarray:
        """Colours an anonymised silhouette (see `placed.Paint`).

        S_Or only says how far the crop has to reach: the network sees the person with the
        background, so that an incomplete silhouette does no harm. Every pixel outside S_An is the
        background's, so that the outline is S_An's whatever the network paints.
        """
        result = background.copy()
        if not anonymized.any():
            return result
        crop = Crop.around(anonymized | original, self._margin)
        image = crop.cut(frame, self._size)[None].astype(np.float32) / 255
        mask = crop.cut(anonymized, self._size)[None].astype(np.float32)
        scene = crop.cut(background, self._size)[None].astype(np.float32) / 255
        output = self._apply(self._params, image, mask, scene)
        paint, shares = (crop.back(np.array(x[0])) for x in output)
        # OpenCV drops a channel axis of length one.
        shares = shares.reshape(*paint.shape[:2], -1)
        person = 255 * shares[..., :1] * paint
        scale = max(crop.height, crop.width) / self._size
        for k, move in enumerate(self._moves[: shares.shape[-1] - 1], start=1):
            rows, columns = (
                np.clip(np.arange(part.start, part.stop) + round(scale * step), 0, length - 1)
                for part, step, length in zip(crop.box, move, frame.shape, strict=False)
            )
            person += shares[..., k : k + 1] * frame[np.ix_(rows, columns)]
        inside = anonymized[crop.box] > 0
        result[crop.box][inside] = np.clip(np.rint(person), 0, 255)[inside].astype(np.uint8)
        return result
