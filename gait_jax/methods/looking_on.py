"""What an onlooker is to others: a contract beside those of `contracts`, for clips in colour."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Onlooker(Protocol):
    """Says how surely a clip shows somebody who walks.

    Attributes:
      learned_from: what taught it, in a line for a table's note.
    """

    learned_from: str

    def __call__(self, pictures: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> float:
        """Looks at a clip.

        Args:
          pictures: its frames in order of time, 25 a second, red, green, blue [H, W, 3] uint8.
          masks: where the person is in each, [H, W] uint8 of 0 and 1; may be empty.

        Returns:
          P(walking), 0 to 1: the mean over the parts of the clip that it looks at by itself, and 0
          where nobody is shown.

        Raises:
          InputError: it cannot be used on such a clip.
        """
