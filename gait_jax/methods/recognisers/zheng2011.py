"""A recogniser after Zheng et al. (2011): robust view transformation of gait energy images.

The papers that measure with it do not print its equations, so this is Zheng-style: per view, robust
PCA takes from the images what only a few pixels of a few images show, partial least squares finds
the features that tell people apart, and a truncated SVD of all views' features, stacked, gives
transformations between views. The nearest neighbour in the gallery's view decides.
"""

import collections
import warnings
from typing import TYPE_CHECKING

import numpy as np

from gait_jax.methods import fields
from gait_jax.methods.base import FittedMethod, State
from gait_jax.methods.recognisers.energy import energy_images
from gait_jax.runtime.errors import InputError

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits

# Directions of the shared space that a view shows this much less than its clearest one are noise
# there: carried to another view, they would be blown up.
_LEAST_SHOWN = 1e-3
# In place of a view where there are fewer than there is room for.
_NONE = -1


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


def _vectors(images: np.ndarray) -> np.ndarray:
    """[N, S, S] uint8 → [N, S·S] in 0..1."""
    return images.reshape(len(images), -1).astype(np.float64) / 255


def _walks(gaits: "Gaits") -> np.ndarray:
    """[N] names of walks that views share: person, condition, and place among their sequences."""
    order = np.lexsort((gaits.numbers, gaits.conditions, gaits.subjects, gaits.views))
    seen: collections.Counter[tuple] = collections.Counter()
    names = np.empty(len(gaits), object)
    for i in order:
        who = (gaits.subjects[i], gaits.conditions[i])
        names[i] = f"{who[0]} {who[1]} {seen[*who, gaits.views[i]]}"
        seen[*who, gaits.views[i]] += 1
    return names


def fit_views(
    gaits: "Gaits", images: np.ndarray, components: int, rank: int, robustness: float = 1.0
) -> dict[str, np.ndarray]:
    """Learns features and transformations.

    Args:
      gaits: known people. For the transformations, a person's first sequence of a condition in one
        view is held against the first one in every other, and so on.
      images: [N, S, S] uint8, their gait energy images.
      components: C, features a view (PLS components); fewer where there are fewer images, and then
        the rest are 0.
      rank: K, of the factorisation over all views; likewise fewer where there are fewer sequences.
      robustness: weight of robust PCA's sparse part. Of a dozen images, it would take for sparse
        what tells the people apart: there, more than 1.

    Returns:
      "views" [V] int32 rising, "mean" [V, S·S], "rotation" [V, S·S, C] and "basis" [V, C, K]
      float32.

    Raises:
      InputError: there are fewer than two people, or nobody is there in every view.
    """
    # Here, not above: anonymising, which needs none of it, does not wait for it to load.
    from sklearn.cross_decomposition import PLSRegression

    people, labels = np.unique(gaits.subjects, return_inverse=True)
    if len(people) < 2:
        raise InputError(f"{len(people)} people are too few to train a recogniser on")
    views, pixels = np.unique(gaits.views), images.shape[1] ** 2
    one_hot, walks = np.eye(len(people))[labels], _walks(gaits)
    means = np.zeros((len(views), pixels))
    rotations = np.zeros((len(views), pixels, components))
    bases = np.zeros((len(views), components, rank))
    features = []
    for k, view in enumerate(views):
        here = gaits.views == view
        low, _ = robust_pca(_vectors(images[here]), robustness)
        wanted = min(components, *(n - 1 for n in low.shape))
        with warnings.catch_warnings():
            # Of few people, fewer features than asked for explain all: the rest are 0.
            warnings.filterwarnings("ignore", message=".*residual is constant")
            pls = PLSRegression(wanted, scale=False, max_iter=1000).fit(low, one_hot[here])
        means[k] = low.mean(axis=0)
        rotations[k, :, :wanted] = pls.x_rotations_
        scores = (low - means[k]) @ pls.x_rotations_
        features.append(dict(zip(walks[here], scores, strict=True)))
    common = sorted(set.intersection(*(set(found) for found in features)))
    if not common:
        raise InputError("nobody of the recogniser's group is there in every view")
    stacked = [np.array([found[walk] for walk in common]).T for found in features]
    u, s, _ = np.linalg.svd(np.vstack(stacked), full_matrices=False)
    kept = min(rank, int((s > 1e-9 * s[0]).sum()))
    bounds = np.cumsum([0] + [len(found) for found in stacked])
    for k, (first, last) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        bases[k, : last - first, :kept] = u[first:last, :kept] * s[:kept]
    learned = {"mean": means, "rotation": rotations, "basis": bases}
    return {"views": views.astype(np.int32)} | {
        name: array.astype(np.float32) for name, array in learned.items()
    }


class Zheng2011(FittedMethod):
    """Zheng-style view transformation model.

    What is kept has room for `views` views, so that its shapes depend on the configuration alone.
    """

    FIELDS = {
        "seed": fields.SEED,
        **fields.DATA,
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        "data.size": fields.whole(8, 4096),
        "components": fields.whole(),
        "rank": fields.whole(),
        "robustness": fields.number(),
        "views": fields.whole(1, 1000),
    }

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        c, pixels = self.config, self.config.data.size**2
        learned = {
            "views": np.full(c.views, _NONE, np.int32),
            "mean": np.zeros((c.views, pixels), np.float32),
            "rotation": np.zeros((c.views, pixels, c.components), np.float32),
            "basis": np.zeros((c.views, c.components, c.rank), np.float32),
        }
        return State(step=np.int32(0), params={}, opt={}, ema={"views": learned}, frozen={})

    def prepare_data(self, dataset, prerequisites, progress):
        from gait_jax.data.gei_store import open_geis

        del prerequisites
        open_geis(dataset.gaits, self.config.data.size, progress)

    def fit(self, dataset, progress) -> tuple[State, dict[str, float]]:
        from gait_jax.data.gaits import Gaits

        del progress
        config = self.config
        gaits = Gaits.of(dataset.gaits).of_subjects(dataset.members(config.data.group))
        if config.data.sequences:
            gaits = gaits.take(np.isin(gaits.numbers, config.data.sequences))
        images = energy_images(gaits, config.data.size)
        found = fit_views(gaits, images, config.components, config.rank, config.robustness)
        count = len(found["views"])
        if count > config.views:
            raise InputError(f"the data has {count} views: set views to that or more")
        state = self.init()
        learned = state.ema["views"]
        for name, array in found.items():
            learned[name][:count] = array
        people = len(np.unique(gaits.subjects))
        measures = {"images": float(len(gaits)), "people": float(people), "views": float(count)}
        return state.replace(step=np.int32(1)), measures

    def recogniser(self, state: State) -> "ViewTransformation":
        return ViewTransformation(state.ema["views"], self.config.data.size)


class ViewTransformation:
    """A learned view transformation model: carries a probe to the gallery's view."""

    def __init__(self, learned: dict[str, np.ndarray], size: int):
        """Takes what `fit_views` learned, with or without room for more views.

        Args:
          learned: see `fit_views`.
          size: S, rows and columns of the gait energy images.
        """
        known = np.asarray(learned["views"]) != _NONE
        self._views = [int(view) for view in np.asarray(learned["views"])[known]]
        self._mean, self._rotation, self._basis = (
            np.asarray(learned[name], np.float64)[known] for name in ("mean", "rotation", "basis")
        )
        self._size = size

    def _features(self, images: np.ndarray, view: int) -> np.ndarray:
        """[N, C] features of images of one view."""
        k = self._views.index(view)
        return (_vectors(images) - self._mean[k]) @ self._rotation[k]

    def _transformed(self, features: np.ndarray, view: int, target: int) -> np.ndarray:
        """Features of one view as they would be in another one."""
        if view == target:
            return features
        source, basis = (self._basis[self._views.index(v)] for v in (view, target))
        return features @ (basis @ np.linalg.pinv(source, rcond=_LEAST_SHOWN)).T

    def distances(self, probes: "Gaits", gallery: "Gaits") -> np.ndarray:
        """How far each probe, carried to the view of each gait of the gallery, is from it.

        See `contracts.Recogniser`.

        Returns:
          [P, G] float32 Euclidean distances between features.

        Raises:
          InputError: a view is not known.
        """
        from scipy.spatial.distance import cdist  # As scikit-learn.

        for view in np.unique(np.concatenate([probes.views, gallery.views])):
            if view not in self._views:
                raise InputError(f"view {view} was not in the recogniser's training: {self._views}")
        seen, known = (energy_images(gaits, self._size) for gaits in (probes, gallery))
        result = np.empty((len(probes), len(gallery)), np.float32)
        for target in np.unique(gallery.views):
            columns = np.flatnonzero(gallery.views == target)
            enrolled = self._features(known[columns], target)
            for view in np.unique(probes.views):
                rows = np.flatnonzero(probes.views == view)
                own = self._features(seen[rows], view)
                result[np.ix_(rows, columns)] = cdist(
                    self._transformed(own, view, target), enrolled
                )
        return result
