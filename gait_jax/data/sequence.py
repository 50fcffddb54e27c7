"""What a sequence of a data set is called, and where its frames are."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class GaitSequence:
    """One sequence of a data set: frames `first` to `last` (exclusive) of its store.

    Attributes:
      subject: name.
      condition: nm, bg or cl.
      number: its number within the condition.
      view: degrees, as the data set names it.
      direction: degrees in which the person walks, which is what recognisers call the view: data
        sets may give two directions the name of one view.
      first: index of its first frame in the store.
      last: index after its last frame.
    """

    subject: str
    condition: str
    number: int
    view: int
    direction: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """As CASIA-B names it: `001-nm-01-090`."""
        return f"{self.subject}-{self.condition}-{self.number:02d}-{self.view:03d}"

    def __len__(self) -> int:
        return self.last - self.first
