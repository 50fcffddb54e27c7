"""Made-up methods, of which it is known beforehand what an evaluation must find."""

import numpy as np

from gait_jax.methods import fields
from gait_jax.methods.base import FittedMethod, State
from gait_jax.methods.contracts import AnonymizedBody, Anonymizer


class Fixed(FittedMethod):
    """Learns nothing."""

    FIELDS = {"seed": fields.SEED, **fields.DATA}

    def init(self, prerequisites=None, statistics=None):
        ema = {"nothing": np.zeros(1, np.float32)}
        return State(step=np.int32(0), params={}, opt={}, ema=ema, frozen={})

    def fit(self, dataset, progress):
        return self.init().replace(step=np.int32(1)), {}


class Original(Anonymizer):
    """Leaves everybody as they are."""

    def person(self, glimpses, key, rate):
        return None

    def bodies(self, people, seen):
        return [AnonymizedBody(one.mask.copy(), None) for one in seen]


class Same(Original):
    """The same block for everybody, whoever they are and wherever they stand."""

    def bodies(self, people, seen):
        found = [np.zeros_like(one.mask) for one in seen]
        for mask in found:
            mask[10:70, 40:60] = 1
        return [AnonymizedBody(mask, None) for mask in found]


METHODS = {"original": Original, "same": Same}


class Heights:
    """Knows people by how tall their silhouettes are on average."""

    def distances(self, probes, gallery):
        tall = [
            np.array([np.mean([len(m) for m in gaits.silhouettes(i)]) for i in range(len(gaits))])
            for gaits in (probes, gallery)
        ]
        return np.abs(tall[0][:, None] - tall[1][None]).astype(np.float32)


def method(of=Fixed, **handed_out):
    """A method that hands out an anonymiser or a recogniser, by what the contract calls it."""
    return type("Made", (of,), {k: lambda self, state, x=x: x() for k, x in handed_out.items()})
