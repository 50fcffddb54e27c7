"""What colourisers share that learn from crops of a frame, each with an anonymised gait."""

import pathlib

import jax
import numpy as np
from jax import numpy as jnp

from gait_jax.methods import fields
from gait_jax.methods.base import State, TrainedMethod, Tree
from gait_jax.pretrained import DEFAULT
from gait_jax.runtime import homes

ANONYMIZER = "anonymizer"
NETWORK = "network"
# Of a data set's silhouettes: as it has them, or as imperfect segmentation gives them.
COMPLETE, INCOMPLETE = "complete", "incomplete"
_SHOWN = 12

CROP_DATA: fields.Fields = {
    **fields.DATA,
    "anonymizer.checkpoint": fields.folder,
    "data.colour": fields.flag,
    "data.walks": fields.whole(0),
    "data.stride": fields.whole(),
    "data.size": fields.whole(8, 4096),
    "data.margin": fields.number(0, 10),
    "data.recolour": fields.flag,
    "data.silhouettes": fields.one_of(COMPLETE, INCOMPLETE),
    "data.plate_error": fields.number(0, 255),
}


class CropMethod(TrainedMethod):
    """A colouriser that learns from crops (see `data.crops`)."""

    def prerequisites(self) -> dict[str, pathlib.Path]:
        given = self.config.anonymizer.checkpoint
        return {ANONYMIZER: homes.expanded(given) if given else DEFAULT}

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.anonymized import anonymized_gaits
        from gait_jax.data.crops import crop_data
        from gait_jax.data.dataset import spread

        data, run = self.config.data, prerequisites[ANONYMIZER]
        wanted, seed = set(), self.config.seed
        for group in (data.group, data.validation_group):
            known = dataset.indices(dataset.members(group))
            wanted |= {*spread(known, data.walks or len(known))}
        torn = data.silhouettes == INCOMPLETE
        gaits = anonymized_gaits(
            dataset, run.anonymizer(), run.key, seed, sorted(wanted), progress, incomplete=torn
        )
        return crop_data(dataset, gaits, data, progress)

    @staticmethod
    def fresh(params: Tree, optimizer) -> State:
        """The state of a network that has learnt nothing yet."""
        return State(
            step=jnp.zeros((), jnp.int32),
            params={NETWORK: params},
            opt={NETWORK: optimizer.init(params)},
            ema={NETWORK: params},
            frozen={},
        )


def sheet(*rows: jax.Array | np.ndarray) -> np.ndarray:
    """Draws rows of the first crops: [H, W, 3] uint8 blue, green, red.

    Args:
      *rows: [B, S, S, 3] red, green, blue or [B, S, S], uint8, or float in 0..255.
    """
    drawn = []
    for row in rows:
        row = np.rint(np.asarray(row)[:_SHOWN]).astype(np.uint8)
        drawn.append(np.hstack(row if row.ndim == 4 else np.repeat(row[..., None], 3, axis=-1)))
    return np.vstack(drawn)[..., ::-1]
