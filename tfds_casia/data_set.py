"""What a gait data set says of itself, beside what TFDS asks of its builder."""

import abc
from typing import Any, ClassVar, Self

# The forms that a data set may come in: silhouettes alone, or with the scene in colour.
SILHOUETTES = "silhouettes"
RGB = "rgb"


class GaitDataSet(abc.ABC):
    """A builder's facts, for programs that work on any of `tfds_casia.DATA_SETS`.

    Attributes:
        SYNTHETIC: whether its people are made; then it needs no original files.
        FORMS: those that it comes in, of `SILHOUETTES` and `RGB`.
    """

    SYNTHETIC: ClassVar[bool] = False
    FORMS: ClassVar[tuple[str, ...]] = (SILHOUETTES,)

    @classmethod
    @abc.abstractmethod
    def open(cls, data_dir: str | None, subjects: int | None, form: str) -> Self:
        """Returns the builder, which need not be prepared yet.

        Args:
            data_dir: where prepared data sets stand; None for TFDS's own default.
            subjects: how many people to make, where they are made; None for as many as usual.
            form: one of `FORMS`.
        """

    def in_colour(
        self, subject: str, condition: str, sequence: int, view: int
    ) -> dict[str, Any] | None:
        """Films one of its sequences anew in colour, where nobody real walks in it.

        Args:
            subject: who walks, by the data set's names, as the following.
            condition: how.
            sequence: its number.
            view: from where.

        Returns:
            The example that the form `RGB` has of it; None where it cannot be filmed.
        """
        del subject, condition, sequence, view
        return None

    @staticmethod
    def direction(view: int, sequence: int, led: tuple[float, float]) -> int:
        """Returns in which direction the person of a sequence walks, in degrees.

        Args:
            view: as the data set names it.
            sequence: its number.
            led: where the walk led from its first frame to its last: pixels to the right, and by
                how many times the person became taller, as a logarithm; zeros where nobody is seen
                twice.
        """
        del sequence, led
        return view
