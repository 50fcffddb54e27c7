"""GaitBase (Fan et al. 2023): the field's baseline, a residual network and a set maximum."""

import math

from gait_jax.methods import fields
from gait_jax.methods.recognisers.silhouette_sets import SilhouetteSets
from gait_jax.models import gaitbase
from gait_jax.runtime import parallel


class GaitBase(SilhouetteSets):
    """Trains the network of `models.gaitbase`.

    The public code turns and erases silhouettes at random besides; that is left out.
    """

    FIELDS = {
        **SilhouetteSets.FIELDS,
        "network.widths": fields.wholes(fewest=4, longest=4),
        "network.strides": fields.wholes(1, 2, fewest=4, longest=4),
    }

    def build_network(self):
        network = self.config.network
        self.check_parts(self.config.data.size // math.prod(network.strides))
        return gaitbase.GaitBase(
            tuple(network.widths),
            tuple(network.strides),
            tuple(network.parts),
            network.embedding,
            parallel.AXIS,
            self.dtype,
        )
