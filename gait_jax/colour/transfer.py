"""Colouring whole frames with a trained colour-transfer network (2020)."""

from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn

from gait_jax.gait.crop import Crop


class TransferColouriser:
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
        self, frame: np.ndarray, plate: np.ndarray, original: np.ndarray, anonymised: np.ndarray
    ) -> np.ndarray:
        """Colours an anonymised silhouette.

        Args:
          frame: the original, red, green, blue [H, W, 3] uint8.
          plate: the scene without the person, likewise.
          original: S_Or [H, W] uint8 of 0 and 1. Not looked at: the network sees the person with
            the background, so that an incomplete silhouette does no harm.
          anonymised: S_An [H, W] uint8 of 0 and 1.

        Returns:
          [H, W, 3] uint8: the anonymised person on the plate. Every pixel outside S_An is the
          plate's, so that the outline is S_An's whatever the network paints.
        """
        del original
        result = plate.copy()
        if not anonymised.any():
            return result
        crop = Crop.around(anonymised, self._margin)
        image = crop.cut(frame, self._size)[None].astype(np.float32) / 255
        mask = crop.cut(anonymised, self._size)[None].astype(np.float32)
        scene = crop.cut(plate, self._size)[None].astype(np.float32) / 255
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
        inside = anonymised[crop.box] > 0
        result[crop.box][inside] = np.clip(np.rint(person), 0, 255)[inside].astype(np.uint8)
        return result
