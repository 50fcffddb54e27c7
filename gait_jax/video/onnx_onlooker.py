"""Networks that name what people do in clips, trained elsewhere: onlookers by some classes.

Their input is [1, 3, T, H, W] float32, red, green and blue of 0 to 1 less a mean, over a deviation;
their output a number a class [1, C], logits or probabilities.
"""

from collections.abc import Sequence

import numpy as np

from gait_jax.gait import following
from gait_jax.runtime.errors import InputError
from gait_jax.video.onnx_network import OnnxNetwork

# Frames, rows and columns for a network that takes any number of them: those of Hara et al.
_FREE = (16, 112, 112)


class OnnxOnlooker:
    """Says how surely a clip shows one of a network's classes (see `methods.looking_on`).

    Attributes:
      learned_from: what it is, in a line.
    """

    def __init__(
        self,
        network: OnnxNetwork,
        classes: Sequence[int],
        mean: Sequence[float],
        deviation: Sequence[float],
        reach: float,
    ):
        """Takes a loaded network.

        Args:
          network: it.
          classes: those that are walking; their probabilities are added.
          mean: what is taken off red, green and blue of 0 to 1.
          deviation: what they are divided by then.
          reach: side of the squares around the person that it sees, in their heights.

        Raises:
          InputError: no class is named, or the network takes no clips.
        """
        shape = network.shape
        if not classes:
            raise InputError(
                f"{network.name}: name the classes that are walking (evaluators.video_score.onnx"
                ".classes): no set of classes is the same as another's"
            )
        if len(shape) != 5 or (isinstance(shape[1], int) and shape[1] != 3):
            raise InputError(
                f"{network.name} takes inputs {shape}, no clips [1, 3, T, H, W]: give another one"
            )
        self._network, self._classes, self._reach = network, list(classes), reach
        self._mean, self._deviation = (np.array(x, np.float32) for x in (mean, deviation))
        self._frames, self._rows, self._columns = (
            x if isinstance(x, int) and x > 0 else free
            for x, free in zip(shape[2:], _FREE, strict=True)
        )
        if self._rows != self._columns:
            raise InputError(f"{network.name} takes clips {shape}, which are no squares")
        self.learned_from = (
            f"{network.name}, an ONNX network that was given; walking are its classes "
            f"{', '.join(map(str, classes))}"
        )

    def __call__(self, pictures: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> float:
        """See `methods.looking_on.Onlooker`."""
        squares = following.squares(masks, self._reach)
        if squares is None:
            return 0.0
        cut = [following.cut(*one, self._rows) for one in zip(pictures, squares, strict=True)]
        parts = following.windows(cut, self._frames, 1)
        return float(np.mean([self._walking(part) for part in parts]))

    def _walking(self, part: np.ndarray) -> float:
        given = (part.astype(np.float32) / 255 - self._mean) / self._deviation
        found = self._network(np.ascontiguousarray(given.transpose(3, 0, 1, 2)[None]))[0]
        if found.ndim != 2 or max(self._classes) >= found.shape[1]:
            raise InputError(
                f"{self._network.name} gives {list(found.shape)}, and class {max(self._classes)} "
                "was asked for: set other evaluators.video_score.onnx.classes"
            )
        return float(probabilities(found[0])[self._classes].sum())


def probabilities(found: np.ndarray) -> np.ndarray:
    """A network's classes [C] as probabilities, which they may be already."""
    if found.min() >= 0 and abs(found.sum() - 1) < 1e-3:
        return found
    sure = np.exp(found - found.max())
    return sure / sure.sum()
