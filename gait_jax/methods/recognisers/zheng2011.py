"""A recogniser after Zheng et al. (2011): robust view transformation of gait energy images.

What the paper's abstract and Tieu et al. (2020, §II-A) say is taken from them: robust PCA finds the
low-rank subspace that all views share, the view transformation model is its factorisation, partial
least squares selects features, and the nearest neighbour in the gallery's view decides. Neither
prints sizes or equations, so that these are the field's, and the recogniser is Zheng-style.
"""

import collections
import warnings
from typing import TYPE_CHECKING

import numpy as np

from gait_jax.methods import fields
from gait_jax.methods.base import FittedMethod, State
from gait_jax.methods.recognisers.energy import ENERGY, SEQUENCE, energy_images
from gait_jax.methods.recognisers.low_rank import shared_subspace
from gait_jax.runtime.errors import InputError

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits

# Directions of the shared space that a view shows this much less than its clearest one are noise
# there: carried to another view, they would be blown up.
_LEAST_SHOWN = 1e-3
# As a share of all images.
_ROUNDING = 1e-9
# In place of a view where there are fewer than there is room for.
_NONE = -1


def _vectors(images: np.ndarray) -> np.ndarray:
    """[N, S, S] uint8 → [N, S·S] in 0..1."""
    return images.reshape(len(images), -1).astype(np.float64) / 255


def shared_walks(gaits: "Gaits") -> np.ndarray:
    """Which sequences of different views show the same walk.

    The same person, condition and number. Where nobody has a number of a condition in all of its
    views, they were numbered apart, as in CASIA-A, whose odd numbers walk one way and whose even
    ones the other: there it is the place among the numbers that half of the people have in a view,
    so that nobody's lost sequence moves another one; of somebody who walked the other way, as some
    of CASIA-A did, the place among their own.

    Args:
      gaits: [N] sequences.

    Returns:
      [N] str names, the same for what is to be held against each other.
    """
    places = gaits.numbers.copy()
    for condition in np.unique(gaits.conditions):
        here = gaits.conditions == condition
        by_view = [
            np.flatnonzero(here & (gaits.views == view)) for view in np.unique(gaits.views[here])
        ]
        walks = [set(zip(gaits.subjects[i], gaits.numbers[i], strict=True)) for i in by_view]
        if set.intersection(*walks):
            continue
        for rows, found in zip(by_view, walks, strict=True):
            people = {subject for subject, _ in found}
            counts = collections.Counter(number for _, number in found)
            usual = sorted(n for n, count in counts.items() if 2 * count >= len(people))
            for person in people:
                own = rows[gaits.subjects[rows] == person]
                numbers = gaits.numbers[own]
                alike = np.isin(numbers, usual).all()
                places[own] = np.searchsorted(usual if alike else np.unique(numbers), numbers)
    names = zip(gaits.subjects, gaits.conditions, places, strict=True)
    return np.array([" ".join(map(str, name)) for name in names], np.str_)


def _features(
    basis: np.ndarray, shared: np.ndarray, one_hot: np.ndarray, wanted: int
) -> np.ndarray:
    """[K, C] what partial least squares selects of a view's images, as functions of what is shared.

    Args:
      basis: [D, K] of the view.
      shared: [N, K] what the images of people show of the subspace: images are shared @ basis.T.
      one_hot: [N, P] whose each is.
      wanted: C, at most.
    """
    # Here, not above: anonymising, which needs none of it, does not wait for it to load.
    from sklearn.cross_decomposition import PLSRegression

    # Images in the coordinates of their own subspace: turning it changes no covariance.
    turned = np.linalg.qr(basis, mode="r")
    images = shared @ turned.T
    apart = images - images.mean(axis=0)
    # Of what differs by rounding alone nothing is to be learned.
    count = min(wanted, np.linalg.matrix_rank(apart, tol=_ROUNDING * np.linalg.norm(images)))
    if not count:
        return np.zeros((len(shared.T), 0))
    with warnings.catch_warnings():
        # Of few people, fewer features than asked for explain all.
        warnings.filterwarnings("ignore", message=".*residual is constant")
        pls = PLSRegression(count, scale=False, max_iter=1000).fit(images, one_hot)
    return turned.T @ pls.x_rotations_


def fit_views(
    gaits: "Gaits",
    images: np.ndarray,
    components: int,
    rank: int,
    robustness: float = 1.0,
    energy: float = 1.0,
) -> dict[str, np.ndarray]:
    """Learns the view transformation model and the features.

    Args:
      gaits: known people. The model is made of the walks that are there in every view (see
        `shared_walks`), the features of all.
      images: [N, S, S] uint8, their gait energy images.
      components: C, room for features a view. As many are taken as tell P people apart, P - 1, if
        there is that much in the images; the rest are 0.
      rank: K, room for directions of the subspace that the views share; as many are taken as hold
        `energy`, and the rest are 0.
      robustness: weight of robust PCA's sparse part. Of a dozen walks, it would take for sparse
        what tells the people apart: there, more than 1.
      energy: share of the squares of the low-rank part, in 0..1.

    Returns:
      "views" [V] int32 rising, "encoder" [V, S·S, K] that gives what is shared of an image, and
      "features" [V, K, C] of what is shared, in that view; float32.

    Raises:
      InputError: there are fewer than two people, or nobody is there in every view.
    """
    people, labels = np.unique(gaits.subjects, return_inverse=True)
    if len(people) < 2:
        raise InputError(f"{len(people)} people are too few to train a recogniser on")
    views, vectors, walks = np.unique(gaits.views), _vectors(images), shared_walks(gaits)
    rows = [
        {walks[i]: i for i in np.flatnonzero(gaits.views == view)} for view in views
    ]  # Of each view: the image of a walk.
    common = sorted(set.intersection(*(set(found) for found in rows)))
    if not common:
        raise InputError("nobody of the recogniser's group is there in every view")
    stacked = [vectors[[found[walk] for walk in common]].T for found in rows]
    subspace = shared_subspace(np.vstack(stacked), rank, robustness, energy)
    encoders = np.zeros((len(views), vectors.shape[1], rank))
    features = np.zeros((len(views), rank, components))
    one_hot = np.eye(len(people))[labels]
    wanted = min(components, len(people) - 1)
    for k, basis in enumerate(np.split(subspace, len(views))):
        here, kept = gaits.views == views[k], basis.shape[1]
        encoders[k, :, :kept] = np.linalg.pinv(basis, rcond=_LEAST_SHOWN).T
        shared = vectors[here] @ encoders[k, :, :kept]
        found = _features(basis, shared, one_hot[here], wanted)
        features[k, :kept, : found.shape[1]] = found
    return {
        "views": views.astype(np.int32),
        "encoder": encoders.astype(np.float32),
        "features": features.astype(np.float32),
    }


class Zheng2011(FittedMethod):
    """Zheng-style view transformation model.

    What is kept has room for `views` views, so that its shapes depend on the configuration alone.
    """

    VERSION = 2
    FIELDS = {
        "seed": fields.SEED,
        **fields.DATA,
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        "data.size": fields.whole(8, 4096),
        **ENERGY,
        "components": fields.whole(),
        "rank": fields.whole(),
        "energy": fields.SHARE,
        "robustness": fields.number(),
        "views": fields.whole(1, 1000),
    }

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        c, pixels = self.config, self.config.data.size**2
        learned = {
            "views": np.full(c.views, _NONE, np.int32),
            "encoder": np.zeros((c.views, pixels, c.rank), np.float32),
            "features": np.zeros((c.views, c.rank, c.components), np.float32),
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
        images = energy_images(gaits, config.data.size, config.data.energy)
        found = fit_views(
            gaits, images, config.components, config.rank, config.robustness, config.energy
        )
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
        data = self.config.data
        return ViewTransformation(state.ema["views"], data.size, data.energy)


class ViewTransformation:
    """A learned view transformation model: carries a probe to the gallery's view."""

    def __init__(self, learned: dict[str, np.ndarray], size: int, energy: str = SEQUENCE):
        """Takes what `fit_views` learned, with or without room for more views.

        Args:
          learned: see `fit_views`.
          size: S, rows and columns of the gait energy images.
          energy: what they are of (see `energy_images`).
        """
        known = np.asarray(learned["views"]) != _NONE
        self._views = [int(view) for view in np.asarray(learned["views"])[known]]
        self._encoder, self._features = (
            np.asarray(learned[name], np.float64)[known] for name in ("encoder", "features")
        )
        self._size, self._energy = size, energy

    def _carried(self, images: np.ndarray, view: int, target: int) -> np.ndarray:
        """[N, C] features of one view's images as they would be in another one, or in its own."""
        source, aim = self._views.index(view), self._views.index(target)
        return _vectors(images) @ self._encoder[source] @ self._features[aim]

    def distances(self, probes: "Gaits", gallery: "Gaits") -> np.ndarray:
        """How far each probe, carried to the view of each gait of the gallery, is from it.

        Both go through the model, whichever view they are of: what is compared is what a gait
        shows of the subspace that the views share. See `contracts.Recogniser`.

        Returns:
          [P, G] float32 Euclidean distances between features.

        Raises:
          InputError: a view is not known.
        """
        from scipy.spatial.distance import cdist  # As scikit-learn.

        for view in np.unique(np.concatenate([probes.views, gallery.views])):
            if view not in self._views:
                raise InputError(f"view {view} was not in the recogniser's training: {self._views}")
        seen, known = (
            energy_images(gaits, self._size, self._energy) for gaits in (probes, gallery)
        )
        result = np.empty((len(probes), len(gallery)), np.float32)
        for target in np.unique(gallery.views):
            columns = np.flatnonzero(gallery.views == target)
            enrolled = self._carried(known[columns], target, target)
            for view in np.unique(probes.views):
                rows = np.flatnonzero(probes.views == view)
                carried = self._carried(seen[rows], view, target)
                result[np.ix_(rows, columns)] = cdist(carried, enrolled)
        return result
