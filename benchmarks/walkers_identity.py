"""How much identity is in the walkers' walks: energy images and plain nearest neighbours.

    python benchmarks/walkers_identity.py DATA_DIR

Makes the data set in DATA_DIR unless it is there. Gallery: nm-01 to nm-04 of every walker; probes:
nm-05 and nm-06, bg, cl. A probe is identified if the nearest energy image of the gallery, by
Euclidean distance, is of the same walker. Printed: rank-1 in the same view by condition, and of nm
probes by the angle between probe's and gallery's view. The outlines of a body from opposite sides
are mirror images, so that beyond 90 degrees views grow alike again: a second table counts the angle
between the lines of sight, at most 90.
"""

import argparse
import collections

import ml_collections
import numpy as np
from gait_jax.data.energies import Energies
from gait_jax.recognition import scoring
from gait_jax.recognition.protocol import PROTOCOLS, chosen
from scipy.spatial.distance import cdist

from gait_jax.data.dataset import GaitDataset


class NearestNeighbour:
    """The images themselves, pixel by pixel."""

    size = 64

    def distances(self, probes: Energies, gallery: Energies) -> np.ndarray:
        """Euclidean distances [P, G]."""
        return cdist(
            *(e.images.reshape(len(e), -1).astype(np.float64) / 255 for e in (probes, gallery))
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_dir")
    args = parser.parse_args()
    config = {"name": "walkers", "data_dir": args.data_dir, "manual_dir": "", "subjects": 40}
    dataset = GaitDataset(ml_collections.ConfigDict(config | {"groups": "jisa2019"}))
    energies, _ = dataset.energies(NearestNeighbour.size)
    gallery = energies.take(chosen(PROTOCOLS["jisa2019"].gallery, energies))
    probes = energies.take(chosen(PROTOCOLS["jisa2019"].probes, energies))
    views = np.unique(energies.views)
    hits = scoring.score(NearestNeighbour(), probes, gallery, (1,))
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
        cross = scoring.score(NearestNeighbour(), normal, enrolled, (1,)).cross[:, 0]
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
