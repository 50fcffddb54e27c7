"""A recogniser that looks at no outline: by height, pace, rhythm, view, place and length of a clip.

What it finds in anonymised gaits, an anonymiser leaves that changes outlines alone. Not of the
papers. The measurements of a walk (`gait.side_channels`) are held against those of a known one,
each weighed by how much it varies among walks of one person.
"""

from typing import TYPE_CHECKING

import numpy as np

from gait_jax.gait import side_channels
from gait_jax.methods import fields
from gait_jax.methods.base import FittedMethod, State
from gait_jax.runtime.errors import InputError

if TYPE_CHECKING:
    from gait_jax.data.gaits import Gaits

# In place of a view where there are fewer than there is room for.
_NONE = -1
# Numbers that vary less than this, all people together, are the same for everybody.
_CONSTANT = 1e-6
# Least variance of a number among one person's walks, as a share of that among everybody's: what
# an anonymiser keeps to the pixel would count for infinitely much.
_LEAST_WITHIN = 1e-3


def _deviations(residuals: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """[N, D] residuals from the mean of their group."""
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), residuals.shape[1]))
    np.add.at(sums, place, residuals)
    return residuals - (sums / counts[:, None])[place]


def _within(residuals: np.ndarray, gaits: "Gaits") -> tuple[np.ndarray, int]:
    """(how one person's walks deviate from each other [N, D], how many deviations are free)."""
    people = gaits.subjects
    labels = (people, gaits.views, gaits.conditions, gaits.numbers)
    # Draws of an anonymiser's noise are no further walks: they have the original's pace in common.
    walks = {*zip(*(label.tolist() for label in labels), strict=True)}
    directions = np.array([f"{view} {who}" for view, who in zip(gaits.views, people, strict=True)])
    for groups in (directions, people):
        free = len(walks) - len(np.unique(groups))
        if free > residuals.shape[1]:
            break
        # Hardly anybody walks twice in a direction: across directions, then.
    return _deviations(residuals, groups), max(free, 1)


def _whitening(residuals: np.ndarray, gaits: "Gaits") -> np.ndarray:
    """[D, D] what makes walks of one person vary alike in all directions."""
    spread = residuals.std(axis=0)
    constant = spread < _CONSTANT
    scale = np.where(constant, 0, 1 / np.where(constant, 1, spread))
    within, free = _within(residuals * scale, gaits)
    numbers = residuals.shape[1]
    covariance = within.T @ within / len(within)
    # Of few walks, how numbers vary together cannot be told.
    shrunk = min(1.0, (numbers + 1) / free)
    covariance = (1 - shrunk) * covariance + shrunk * np.diag(np.diag(covariance))
    lower = np.linalg.cholesky(covariance + _LEAST_WITHIN * np.eye(numbers))
    return np.linalg.inv(lower) * scale


def fit_channels(values: np.ndarray, gaits: "Gaits") -> dict[str, np.ndarray]:
    """Learns what the view does to measurements, and how those of one person vary.

    Args:
      values: [N, D] measurements of known people's walks; NaN where there is none.
      gaits: the walks.

    Returns:
      "views" [V] int32 rising, "mean" [V, D] and "whitening" [D, D] float32: numbers less their
      view's mean, transformed, vary among walks of one person by about 1 in every direction (less
      where they are nearly the same for everybody, and not at all where they are constant).

    Raises:
      InputError: there are fewer than two people.
    """
    people = len(np.unique(gaits.subjects))
    if people < 2:
        raise InputError(f"{people} people are too few to train a recogniser on")
    known, place = np.unique(gaits.views, return_inverse=True)
    there = ~np.isnan(values)
    filled = np.where(there, values, 0)
    counts = np.stack([there[place == k].sum(axis=0) for k in range(len(known))])
    sums = np.stack([filled[place == k].sum(axis=0) for k in range(len(known))])
    # Where nobody's can be read from a view, it is as from all views.
    overall = sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
    residuals = np.where(there, values - mean[place], 0)
    return {
        "views": known.astype(np.int32),
        "mean": mean.astype(np.float32),
        "whitening": _whitening(residuals, gaits).astype(np.float32),
    }


class SideChannels(FittedMethod):
    """Nearest neighbour by side channels.

    What is kept has room for `views` views, so that its shapes depend on the configuration alone.
    """

    FIELDS = {
        "seed": fields.SEED,
        **fields.DATA,
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        "channels": fields.Check(
            f"a list of {', '.join(side_channels.WIDTHS)}, each at most once",
            lambda value: (
                isinstance(value, (list, tuple))
                and 0 < len(value) == len(set(value))
                and set(value) <= {*side_channels.WIDTHS}
            ),
        ),
        "views": fields.whole(1, 1000),
    }
    # Raised with `side_channel_store.VERSION`, too.
    VERSION = 1

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        views, numbers = self.config.views, len(side_channels.columns(self.config.channels))
        learned = {
            "views": np.full(views, _NONE, np.int32),
            "mean": np.zeros((views, numbers), np.float32),
            "whitening": np.zeros((numbers, numbers), np.float32),
        }
        return State(step=np.int32(0), params={}, opt={}, ema={"channels": learned}, frozen={})

    def prepare_data(self, dataset, prerequisites, progress):
        from gait_jax.data.side_channel_store import open_side_channels

        del prerequisites
        open_side_channels(dataset.gaits, progress)

    def facts(self):
        return {"channels": ", ".join(self.config.channels)}

    def fit(self, dataset, progress) -> tuple[State, dict[str, float]]:
        from gait_jax.data.gaits import Gaits
        from gait_jax.data.side_channel_store import open_side_channels

        config = self.config
        gaits = Gaits.of(dataset.gaits).of_subjects(dataset.members(config.data.group))
        if config.data.sequences:
            gaits = gaits.take(np.isin(gaits.numbers, config.data.sequences))
        values = open_side_channels(gaits.store, progress)[gaits.rows]
        values = values[:, side_channels.columns(config.channels)]
        found = fit_channels(values, gaits)
        count = len(found["views"])
        if count > config.views:
            raise InputError(f"the data has {count} views: set views to that or more")
        state = self.init()
        learned = state.ema["channels"]
        for name in ("views", "mean"):
            learned[name][:count] = found[name]
        learned["whitening"][:] = found["whitening"]
        people = len(np.unique(gaits.subjects))
        measures = {"walks": float(len(gaits)), "people": float(people), "views": float(count)}
        return state.replace(step=np.int32(1)), measures

    def recogniser(self, state: State) -> "ChannelRecogniser":
        return ChannelRecogniser(state.ema["channels"], self.config.channels)


class ChannelRecogniser:
    """People are as alike as their walks' side channels are near."""

    def __init__(self, learned: dict[str, np.ndarray], channels: tuple[str, ...]):
        """Takes what `fit_channels` learned, with or without room for more views.

        Args:
          learned: see `fit_channels`.
          channels: what is looked at, keys of `side_channels.WIDTHS`.
        """
        views = np.asarray(learned["views"])
        self._mean = {
            int(view): np.asarray(mean, np.float64)
            for view, mean in zip(views, learned["mean"], strict=True)
            if view != _NONE
        }
        self._whitening = np.asarray(learned["whitening"], np.float64)
        self._columns = side_channels.columns(channels)

    def points(self, values: np.ndarray, views: np.ndarray) -> np.ndarray:
        """[N, D] where walks lie.

        A number that could not be read is its view's mean: it tells nothing of who walks.

        Args:
          values: [N, D] the channels' numbers.
          views: [N] each walk's view.

        Raises:
          InputError: a view is not known.
        """
        for view in np.unique(views):
            if int(view) not in self._mean:
                known = [*self._mean]
                raise InputError(f"view {view} was not in the recogniser's training: {known}")
        means = np.array([self._mean[int(view)] for view in views]).reshape(values.shape)
        return np.where(np.isnan(values), 0, values - means) @ self._whitening.T

    def _points_of(self, gaits: "Gaits") -> np.ndarray:
        # TFDS, which the stores bring along, takes longer to load than a model that needs none.
        from gait_jax.data.side_channel_store import open_side_channels

        values = open_side_channels(gaits.store, progress=False)[gaits.rows]
        return self.points(values[:, self._columns], gaits.views)

    def distances(self, probes: "Gaits", gallery: "Gaits") -> np.ndarray:
        """How far the probes' side channels are from the gallery's.

        See `contracts.Recogniser`.

        Returns:
          [P, G] float32 Mahalanobis distances.

        Raises:
          InputError: a view is not known.
        """
        from scipy.spatial.distance import cdist  # Anonymising does not wait for it to load.

        return cdist(self._points_of(probes), self._points_of(gallery)).astype(np.float32)
