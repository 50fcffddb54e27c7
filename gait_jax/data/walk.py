"""What a sequence of a data set is called, and where its frames are."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Walk:
    """One sequence of a data set: frames `first` to `last` (exclusive) of the store.

    Attributes:
      subject: name.
      condition: nm, bg or cl.
      sequence: its number within the condition.
      view: degrees.
      first: index of its first frame in the store.
      last: index after its last frame.
    """

    subject: str
    condition: str
    sequence: int
    view: int
    first: int
    last: int
