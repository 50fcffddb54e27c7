"""What methods are to others: anonymisers, recognisers, colourisers, embedders, inverters.

A method hands out what it is (see `base.Method`); whoever uses it knows these contracts alone.
"""

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import jax
import numpy as np

from gait_jax.gait import silhouette
from gait_jax.gait.limbs import Feet, Limbs
from gait_jax.gait.naturalness import is_person_like, mean_measures

if TYPE_CHECKING:
    from gait_jax.data.gait_store import GaitStore
    from gait_jax.data.gaits import Gaits

NO_OUTLINE = "the anonymiser gave no outline"
UNCHANGED = "the anonymised outline equals the original"
UNREADABLE = "unreadable"


@dataclasses.dataclass(frozen=True)
class AnonymizedGait:
    """What became of a sequence.

    Attributes:
      masks: a mask for each frame, [H, W] uint8 of 0 and 1, empty where there is a problem.
      problems: reasons by frame index for frames that could not be anonymised.
      measures: what the method measured of its own work, means over anonymised frames, by name.
      told: what the result can tell of the original, in a line; None where the method cannot say.
    """

    masks: list[np.ndarray]
    problems: dict[int, str]
    measures: dict[str, float]
    told: str | None = None


@dataclasses.dataclass(frozen=True)
class AnonymizedBody:
    """What became of one silhouette.

    Attributes:
      mask: [H, W] uint8 of 0 and 1, empty where there is a problem.
      problem: why it could not be anonymised, None where it could.
      measures: what the method measured of its own work, by name.
      limbs: where the joints of who was made are, in the mask's pixels; None where nobody knows.
      feet: likewise where they stand.
    """

    mask: np.ndarray
    problem: str | None
    measures: Mapping[str, float] = dataclasses.field(default_factory=dict)
    limbs: Limbs | None = None
    feet: Feet | None = None


@dataclasses.dataclass(frozen=True)
class Seen:
    """A silhouette that is to be anonymised.

    Attributes:
      mask: cleaned, [H, W] uint8 of 0 and 1, not empty.
      frame: which of its person's frames it is, from 0.
      corner: where its upper left pixel lies in the picture, (x, y).
    """

    mask: np.ndarray
    frame: int
    corner: tuple[int, int] = (0, 0)


class Anonymizer(abc.ABC):
    """Gives a person's gait to somebody else. Fails closed.

    All of a person's frames are glanced at before one is anonymised, and little is kept of each.
    """

    def compile(self) -> None:
        """Compiles ahead, so that nobody waits for it later; by default nothing."""
        return

    def glimpse(self, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Any:
        """What has to be kept of a frame to begin with its person; by default nothing.

        Args:
          mask: cleaned, [H, W] uint8 of 0 and 1, not empty.
          corner: where its upper left pixel lies in the picture, (x, y).

        Returns:
          What `person` asks for, never None; nobody else looks into it.
        """
        del mask, corner
        return ()

    @abc.abstractmethod
    def person(self, glimpses: Sequence[Any | None], key: jax.Array, rate: float) -> Any:
        """What is drawn for one person and kept the same in all of their frames.

        Args:
          glimpses: of all of the person's frames in order of time, None where nobody was seen.
          key: the person's random key.
          rate: frames a second.

        Returns:
          What `bodies` asks for; nobody else looks into it.
        """

    @abc.abstractmethod
    def bodies(self, people: Sequence[Any], seen: Sequence[Seen]) -> list[AnonymizedBody]:
        """Anonymises silhouettes of some people, a person's in order of time.

        Args:
          people: of each silhouette, the person whose it is (see `person`).
          seen: the silhouettes.

        Returns:
          What became of each: a mask of the same size, the person where the original stood.
        """

    def told(self, person: Any) -> str | None:
        """What a person's result can tell of the original, in a line; None where nobody knows."""
        del person

    # Whether results are made with recorded people's gaits, of whom `borrowed` tells.
    BORROWS = False

    def borrowed(self, person: Any) -> str | None:
        """Whose recorded gait a person's result was made with; None where it was nobody's."""
        del person

    def noise(self, person: Any) -> np.ndarray | None:
        """The closed contour [P, 2] in body heights that was drawn for a person; None: none was."""
        del person

    def is_whole(self, body: np.ndarray, original: np.ndarray) -> bool:
        """Whether what was made is one whole person; by default beside the original's extent.

        Args:
          body: what was made, [H, W] uint8 of 0 and 1, not empty.
          original: likewise, cleaned.
        """
        return is_person_like(body, original)

    def __call__(
        self, masks: Sequence[np.ndarray | None], key: jax.Array, rate: float = 25.0
    ) -> AnonymizedGait:
        """Anonymises one person's walk with one draw of noise.

        Args:
          masks: raw masks [H, W] uint8 of 0 and 1 in order of time, each of any size; None for a
            frame that could not be read.
          key: random key of this sequence.
          rate: frames a second.

        Returns:
          The anonymised masks, as many as were given and of the same sizes, each person where the
          original stood. A frame that could not be anonymised is empty (None given: 0×0).
        """
        unread = np.zeros((0, 0), np.uint8)
        result = [unread if mask is None else np.zeros_like(mask) for mask in masks]
        problems: dict[int, str] = {}
        seen: list[Seen] = []
        for i, mask in enumerate(masks):
            if mask is None:
                problems[i] = UNREADABLE
            elif flaw := silhouette.flaw(body_mask := silhouette.clean(mask)):
                problems[i] = flaw
            else:
                seen.append(Seen(body_mask, i))
        if not seen:
            return AnonymizedGait(result, problems, {})
        glimpses: list[Any | None] = [None] * len(masks)
        for one in seen:
            glimpses[one.frame] = self.glimpse(one.mask)
        person = self.person(glimpses, key, rate)
        bodies = self.bodies([person] * len(seen), seen)
        for one, body in zip(seen, bodies, strict=True):
            if body.problem:
                problems[one.frame] = body.problem
            else:
                result[one.frame] = body.mask
        # Of those that could be anonymised.
        measures = mean_measures(body.measures for body in bodies if body.problem is None)
        return AnonymizedGait(result, dict(sorted(problems.items())), measures, self.told(person))


class Recogniser(Protocol):
    """Tells people apart by their gaits; what it looks at is its own affair."""

    def distances(self, probes: "Gaits", gallery: "Gaits") -> np.ndarray:
        """How unlike each probe is to each gait of a gallery.

        Args:
          probes: who is to be recognised.
          gallery: who is enrolled.

        Returns:
          [P, G] float32, smaller is more alike.

        Raises:
          InputError: the recogniser cannot look at some of them.
        """


class Embedder(Protocol):
    """Says in numbers what gaits look like, whosever they are: alike where they look alike.

    Attributes:
      frames: T, of a window.
    """

    frames: int

    def embed(self, gaits: "GaitStore", starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What windows look like, and their frames.

        Args:
          gaits: the store.
          starts: [N] the store's indices of the frames with which windows begin; T usable ones
            follow.

        Returns:
          ([N, T, D] float32 of frames, [N, E] float32 of windows); InputError: it is damaged.
        """


@dataclasses.dataclass(frozen=True)
class Shot:
    """Somebody in a frame, who is to be coloured.

    Attributes:
      picture: the original, red, green, blue [H, W, 3] uint8.
      original: S_Or [H, W] uint8 of 0 and 1.
      anonymized: S_An, likewise.
      limbs: where the original's joints are in the picture; None where nobody knows.
      anonymized_limbs: those of who is shown instead, likewise.
      frame: which of its person's frames it is, from 0.
    """

    picture: np.ndarray
    original: np.ndarray
    anonymized: np.ndarray
    limbs: Limbs | None = None
    anonymized_limbs: Limbs | None = None
    frame: int = 0


class Colouriser(abc.ABC):
    """Paints an anonymised gait with the original's colours.

    Some of a person's frames are looked at before the first of them is painted, in order of time.
    """

    def remember(self, known: Any, shots: Sequence[Shot]) -> Any:
        """What is known of a person's colours by now, for these frames; by default nothing.

        Args:
          known: what was known before them; None of somebody new.
          shots: of one person, in order of time.
        """
        del shots
        return known

    def knows(self, known: Any, shot: Shot) -> bool:
        """Whether a frame can be painted, by what is known of its person; by default any can."""
        del known, shot
        return True

    @abc.abstractmethod
    def __call__(self, shot: Shot, background: np.ndarray, known: Any = None) -> np.ndarray:
        """Colours an anonymised silhouette.

        Args:
          shot: that can be painted (see `knows`).
          background: the scene without the person [H, W, 3] uint8, channels as the shot's.
          known: of the person (see `remember`).

        Returns:
          [H, W, 3] uint8: the anonymised person on the background.
        """


class Inverter(Protocol):
    """Gives the originals back from anonymised silhouettes, as well as it can: an attacker's."""

    def __call__(self, masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Inverts one anonymised walk.

        Args:
          masks: its usable frames [H, W] uint8 of 0 and 1 in order of time, not empty.

        Returns:
          As many masks of the same sizes; one may be empty.
        """
