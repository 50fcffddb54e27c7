"""GaitPart (Fan et al. 2020): parts of the body and how each of them moves."""

from gait_jax.methods import fields
from gait_jax.methods.recognisers.silhouette_sets import SilhouetteSets
from gait_jax.models import gaitpart


class GaitPart(SilhouetteSets):
    """Trains the network of `models.gaitpart`."""

    FIELDS = {
        **SilhouetteSets.FIELDS,
        "network.widths": fields.wholes(fewest=3, longest=3),
        "network.strips": fields.wholes(fewest=3, longest=3),
    }

    def build_network(self):
        network, size = self.config.network, self.config.data.size
        self.check_parts(size // 4)
        for block, strips in enumerate(network.strips):
            what = f"data.size {size}: in block {block + 1}, its number of rows,"
            fields.check_divides(what, size // 2**block, "network.strips", strips)
        return gaitpart.GaitPart(
            tuple(network.widths),
            tuple(network.strips),
            tuple(network.parts),
            network.embedding,
            self.dtype,
        )
