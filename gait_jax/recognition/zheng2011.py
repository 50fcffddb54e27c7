"""A recogniser after Zheng et al. (2011): robust view transformation of gait energy images.

The papers that measure with it do not print its equations, so this is Zheng-style: per view, robust
PCA takes from the images what only a few pixels of a few images show, partial least squares finds
the features that tell people apart, and a truncated SVD of all views' features, stacked, gives
transformations between views. The nearest neighbour in the gallery's view decides.
"""

import collections
import pathlib
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.cross_decomposition import PLSRegression

from gait_jax.data.energies import Energies
from gait_jax.runtime.arrays import check_arrays, load_arrays, save_arrays
from gait_jax.runtime.errors import InputError


def robust_pca(
    observed: np.ndarray,
    weight: float = 1.0,
    tolerance: float = 1e-5,
    max_iterations: int = 500,
) -> tuple[np.ndarray, np.ndarray]:
    """Splits a matrix into a low-rank and a sparse part (inexact augmented Lagrangian).

    Minimises ‖L‖_* + λ‖S‖₁ subject to L + S = observed, with λ = weight / √max(m, n) (Candès et
    al., 2011; the algorithm of Lin et al., 2010).

    Args:
      observed: [m, n] float.
      weight: 1 is what the theory asks for; more leaves more in L.
      tolerance: of ‖observed - L - S‖ as a share of ‖observed‖ (Frobenius).
      max_iterations: at most this many; then the parts so far are returned.

    Returns:
      (L, S), each [m, n].
    """
    size = np.linalg.norm(observed)
    if not size:
        return observed.copy(), observed.copy()
    weight = weight / np.sqrt(max(observed.shape))
    largest = np.linalg.norm(observed, 2)
    dual = observed / max(largest, np.abs(observed).max() / weight)
    penalty, growth = 1.25 / largest, 1.5
    sparse = np.zeros_like(observed)
    for _ in range(max_iterations):
        u, s, vt = np.linalg.svd(observed - sparse + dual / penalty, full_matrices=False)
        low = (u * np.maximum(s - 1 / penalty, 0)) @ vt
        rest = observed - low + dual / penalty
        sparse = np.sign(rest) * np.maximum(np.abs(rest) - weight / penalty, 0)
        gap = observed - low - sparse
        dual = dual + penalty * gap
        penalty *= growth
        if np.linalg.norm(gap) <= tolerance * size:
            break
    return low, sparse


def _vectors(energies: Energies) -> np.ndarray:
    return energies.images.reshape(len(energies), -1).astype(np.float64) / 255


def _walks(energies: Energies) -> np.ndarray:
    """[N] names of walks that views share: person, condition, and place among their sequences."""
    order = np.lexsort((energies.sequences, energies.conditions, energies.subjects, energies.views))
    seen: collections.Counter[tuple] = collections.Counter()
    names = np.empty(len(energies), object)
    for i in order:
        who = (energies.subjects[i], energies.conditions[i])
        names[i] = f"{who[0]} {who[1]} {seen[*who, energies.views[i]]}"
        seen[*who, energies.views[i]] += 1
    return names


# Directions of the shared space that a view shows this much less than its clearest one are noise
# there: carried to another view, they would be blown up.
_LEAST_SHOWN = 1e-3


class Zheng2011Recogniser:
    """Zheng-style view transformation model.

    Attributes:
      size: rows and columns of the energy images that it takes.
      views: the views that it knows, in degrees.
    """

    def __init__(self, arrays: dict[str, np.ndarray]):
        """Takes what `fit` learned or `load` read."""
        self.views: list[int] = [int(view) for view in arrays["views"]]
        self.size = int(arrays["size"])
        self._arrays = arrays

    @classmethod
    def fit(
        cls, train: Energies, components: int, rank: int, robustness: float = 1.0
    ) -> "Zheng2011Recogniser":
        """Learns features and transformations.

        Args:
          train: energy images of known people. For the transformations, a person's first sequence
            of a condition in one view is held against the first one in every other, and so on.
          components: features a view (PLS components); fewer where there are fewer images.
          rank: of the factorisation over all views; fewer where there are fewer sequences.
          robustness: weight of robust PCA's sparse part. Of a dozen images, it would take for
            sparse what tells the people apart: there, more than 1.

        Raises:
          InputError: there are fewer than two people, or nobody is there in every view.
        """
        people, labels = np.unique(train.subjects, return_inverse=True)
        if len(people) < 2:
            raise InputError(f"{len(people)} people are too few to train a recogniser on")
        views = np.unique(train.views)
        one_hot = np.eye(len(people))[labels]
        walks = _walks(train)
        arrays: dict[str, Any] = {"views": views, "size": np.array(train.images.shape[1])}
        features = {}
        for view in views:
            here = train.views == view
            low, _ = robust_pca(_vectors(train.take(here)), robustness)
            wanted = min(components, *(n - 1 for n in low.shape))
            pls = PLSRegression(wanted, scale=False, max_iter=1000).fit(low, one_hot[here])
            mean, rotation = low.mean(axis=0), pls.x_rotations_
            scores = (low - mean) @ rotation
            arrays |= {f"mean/{view}": mean, f"rotation/{view}": rotation}
            features[view] = dict(zip(walks[here], scores, strict=True))
        common = sorted(set.intersection(*(set(found) for found in features.values())))
        if not common:
            raise InputError("nobody of the recogniser's group is there in every view")
        stacked = np.vstack([np.array([features[v][w] for w in common]).T for v in views])
        u, s, _ = np.linalg.svd(stacked, full_matrices=False)
        kept = min(rank, int((s > 1e-9 * s[0]).sum()))
        bounds = np.cumsum([0] + [arrays[f"rotation/{v}"].shape[1] for v in views])
        for view, first, last in zip(views, bounds[:-1], bounds[1:], strict=True):
            arrays[f"basis/{view}"] = u[first:last, :kept] * s[:kept]
        return cls(arrays)

    def save(self, path: pathlib.Path) -> None:
        """Writes what was learned, as plain arrays."""
        save_arrays(path, self._arrays)

    @classmethod
    def load(cls, path: pathlib.Path) -> "Zheng2011Recogniser":
        """Reads what `save` wrote.

        Raises:
          InputError: the file is damaged.
        """
        arrays = load_arrays(path)
        check_arrays(path, arrays, {"views": ("iu", 1), "size": ("iu", 0)})
        pixels = int(arrays["size"]) ** 2
        ranks = set()
        for view in arrays["views"]:
            parts = {"mean": ("f", 1), "rotation": ("f", 2), "basis": ("f", 2)}
            check_arrays(path, arrays, {f"{name}/{view}": kind for name, kind in parts.items()})
            mean, rotation, basis = (arrays[f"{name}/{view}"] for name in parts)
            features = rotation.shape[1]
            ranks.add(basis.shape[1])
            if (len(mean), len(rotation), len(basis)) != (pixels, pixels, features):
                raise InputError(
                    f"{path} is damaged (features of view {view}): remove it, and it is made again"
                )
        if len(ranks) != 1:
            raise InputError(f"{path} is damaged (its views): remove it, and it is made again")
        return cls(arrays)

    def _features(self, energies: Energies, view: int) -> np.ndarray:
        """[N, K] features of images of one view."""
        return (_vectors(energies) - self._arrays[f"mean/{view}"]) @ self._arrays[
            f"rotation/{view}"
        ]

    def _transformed(self, features: np.ndarray, view: int, target: int) -> np.ndarray:
        """Features of one view as they would be in another one."""
        if view == target:
            return features
        source, basis = self._arrays[f"basis/{view}"], self._arrays[f"basis/{target}"]
        return features @ (basis @ np.linalg.pinv(source, rcond=_LEAST_SHOWN)).T

    def distances(self, probes: Energies, gallery: Energies) -> np.ndarray:
        """How far each probe, carried to the view of each gallery image, is from it.

        Args:
          probes: energy images of the recogniser's size.
          gallery: energy images of the same size.

        Returns:
          [P, G] float32 Euclidean distances between features.

        Raises:
          InputError: a view is not known.
        """
        for view in np.unique(np.concatenate([probes.views, gallery.views])):
            if view not in self.views:
                raise InputError(f"view {view} was not in the recogniser's training: {self.views}")
        result = np.empty((len(probes), len(gallery)), np.float32)
        for target in np.unique(gallery.views):
            columns = np.flatnonzero(gallery.views == target)
            enrolled = self._features(gallery.take(columns), target)
            for view in np.unique(probes.views):
                rows = np.flatnonzero(probes.views == view)
                own = self._features(probes.take(rows), view)
                seen = self._transformed(own, view, target)
                result[np.ix_(rows, columns)] = cdist(seen, enrolled)
        return result
