"""GaitSet (Chao et al. 2019): a gait as a set of silhouettes in any order."""

from gait_jax.methods import fields
from gait_jax.methods.recognisers.silhouette_sets import SilhouetteSets
from gait_jax.models import gaitset


class GaitSet(SilhouetteSets):
    """Trains the network of `models.gaitset`."""

    FIELDS = {**SilhouetteSets.FIELDS, "network.widths": fields.wholes(fewest=3, longest=3)}

    def build_network(self):
        network = self.config.network
        self.check_parts(self.config.data.size // 4)
        return gaitset.GaitSet(
            tuple(network.widths), tuple(network.parts), network.embedding, self.dtype
        )
