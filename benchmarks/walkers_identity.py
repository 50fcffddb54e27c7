"""How much identity is in the walkers' walks: gait energy images and plain nearest neighbours.

    python benchmarks/walkers_identity.py DATA_DIR [--subjects 40]

Makes the data set in DATA_DIR unless it is there. Gallery: nm-01 to nm-04 of every walker; probes:
nm-05 and nm-06, bg, cl. A probe is identified if the nearest gait energy image of the gallery, by
Euclidean distance, is of the same walker. Printed: rank-1 in the same view by condition, and of nm
probes by the angle between probe's and gallery's view. The outlines of a body from opposite sides
are mirror images, so that beyond 90 degrees views grow alike again: a second table counts the angle
between the lines of sight, at most 90.
"""

import argparse
import collections

import numpy as np
import tensorflow_datasets as tfds
from scipy.spatial.distance import cdist

from gait_jax.data import source
from gait_jax.data.gaits import Gaits
from gait_jax.data.gei_store import GEIStore, open_geis
from gait_jax.data.originals import original_gaits
from gait_jax.evaluation import scoring
from gait_jax.evaluation.protocol import chosen, protocol
from gait_jax.gait.silhouette import CleanSettings

_SIZE = 64


class NearestNeighbour:
    """A recogniser that compares the images themselves, pixel by pixel."""

    def __init__(self, geis: GEIStore):
        """Takes the images of the store that probes and gallery are of."""
        self._geis = geis

    def distances(self, probes: Gaits, gallery: Gaits) -> np.ndarray:
        """Euclidean distances [P, G]."""
        images = (self._geis.of(gaits).astype(np.float64) / 255 for gaits in (probes, gallery))
        return cdist(*(each.reshape(len(each), -1) for each in images))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_dir")
    parser.add_argument("--subjects", type=int, default=40)
    args = parser.parse_args()
    tfds.disable_progress_bar()
    builder = source.open_dataset("walkers", args.data_dir, "", args.subjects)
    store = original_gaits(builder, CleanSettings(), source.derived_directory(builder, ""))
    recogniser = NearestNeighbour(open_geis(store, _SIZE))
    gaits, known = Gaits.of(store), protocol("jisa2019")
    gallery, probes = (chosen(which, gaits) for which in (known.gallery, known.probes))
    views = np.unique(gaits.views)
    hits = scoring.score(recogniser, probes, gallery, (1,))
    for condition in ("nm", "bg", "cl"):
        mine = probes.conditions == condition
        rates = [100 * hits.same[mine & (probes.views == v)].mean() for v in views]
        print(
            f"same view, {condition}: {np.mean(rates):5.1f} %  "
            + " ".join(f"{r:3.0f}" for r in rates)
        )
    by_angle, by_line = collections.defaultdict(list), collections.defaultdict(list)
    normal = probes.take(probes.conditions == "nm")
    for view in views:
        enrolled = gallery.take(gallery.views == view)
        cross = scoring.score(recogniser, normal, enrolled, (1,)).cross[:, 0]
        for probe_view in views[views != view]:
            rate = 100 * cross[normal.views == probe_view].mean()
            angle = abs(int(view) - int(probe_view))
            by_angle[angle].append(rate)
            by_line[min(angle, 180 - angle)].append(rate)
    for what, table in (("views", by_angle), ("lines of sight", by_line)):
        for angle, rates in sorted(table.items()):
            print(f"{what} {angle:3}° apart, nm: {np.mean(rates):5.1f} %")


if __name__ == "__main__":
    main()
