"""Protocols: who trains the recognisers, who is enrolled, who is to be recognised."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from gait_jax.data.gaits import Gaits
from gait_jax.runtime.errors import InputError

Conditions = Mapping[str, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A protocol.

    Attributes:
      groups: preset of groups of subjects (`data.groups`).
      train: the group that the recognisers are trained on.
      train_sequences: numbers of the sequences they are trained on; none for all.
      enrolled: the group whose people are in the gallery.
      probed: the group whose people are to be recognised.
      gallery: conditions and numbers of the gallery's sequences.
      probes: conditions and numbers of the probes' sequences.
      declared: what the protocol's source leaves open and this one declares.
    """

    groups: str
    train: str
    enrolled: str
    probed: str
    gallery: Conditions
    probes: Conditions
    declared: str
    train_sequences: tuple[int, ...] = ()

    @property
    def tested(self) -> tuple[str, str]:
        """The groups whose gaits are compared."""
        return self.enrolled, self.probed


_CASIA_B_GALLERY: Conditions = {"nm": (1, 2, 3, 4)}
_CASIA_B_PROBES: Conditions = {"nm": (5, 6), "bg": (1, 2), "cl": (1, 2)}

PROTOCOLS: Mapping[str, Protocol] = {
    "jisa2019": Protocol(
        "jisa2019",
        "recogniser",
        "test",
        "test",
        _CASIA_B_GALLERY,
        _CASIA_B_PROBES,
        "The paper prints the sizes of the groups, not gallery and probe: taken from the field's "
        "own protocol. Its 400 test sequences a view hold the gallery's sequences too; here a "
        "sequence is never both.",
    ),
    "jisa2019_quick": Protocol(
        "jisa2019",
        "recogniser",
        "test",
        "test",
        {"nm": (1, 2)},
        {"nm": (5,), "bg": (1,), "cl": (1,)},
        "As “jisa2019” with half of its gallery and of its probes, to be quick.",
    ),
    "apsipa2020": Protocol(
        "apsipa2020",
        "recogniser",
        "test",
        "test",
        _CASIA_B_GALLERY,
        _CASIA_B_PROBES,
        "The paper prints the sizes of the groups, not gallery and probe: taken from the field's "
        "own protocol. The anonymiser trains on the baseline's group.",
    ),
    "apsipa2020_quick": Protocol(
        "apsipa2020",
        "recogniser",
        "test",
        "test",
        {"nm": (1, 2)},
        {"nm": (5,), "bg": (1,), "cl": (1,)},
        "As “apsipa2020” with half of its gallery and of its probes, to be quick.",
    ),
    "lt74": Protocol(
        "lt74",
        "train",
        "test",
        "test",
        _CASIA_B_GALLERY,
        _CASIA_B_PROBES,
        "74 subjects train the recognisers, 50 test them. The protocol knows no anonymiser: it "
        "trains on the recognisers' people, never on the tested ones.",
    ),
    "attackers": Protocol(
        "attackers",
        "recogniser",
        "test",
        "test",
        _CASIA_B_GALLERY,
        {"nm": (5,), "bg": (1,), "cl": (1,)},
        "Some people train the recognisers, others are tested; the gallery is that of “jisa2019”, "
        "and of its probes the first of each condition are taken. The anonymiser was trained on "
        "other people, or on those who train the recognisers, never on the tested ones.",
    ),
    "closed": Protocol(
        "few",
        "all",
        "all",
        "test",
        {"nm": (1, 2)},
        {"nm": (3, 4)},
        "For a set of a dozen people with four sequences: all of them are enrolled, and the "
        "recognisers are trained on what is enrolled. The probes are of the people that no "
        "anonymiser was trained on.",
        train_sequences=(1, 2),
    ),
    "everybody": Protocol(
        "few",
        "all",
        "all",
        "all",
        {"nm": (1, 2)},
        {"nm": (3, 4)},
        "As “closed”, but everybody is probed, too: for an anonymiser that was trained on another "
        "data set and has seen none of them.",
        train_sequences=(1, 2),
    ),
}


def protocol(name: str) -> Protocol:
    """A protocol by its name.

    Raises:
      InputError: there is none of that name.
    """
    if name not in PROTOCOLS:
        raise InputError(f"protocol {name!r} is not known: use one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def chosen(conditions: Conditions, gaits: Gaits) -> Gaits:
    """The gaits that are of given conditions and numbers."""
    return gaits.take(
        np.any(
            [
                (gaits.conditions == name) & np.isin(gaits.numbers, numbers)
                for name, numbers in conditions.items()
            ],
            axis=0,
        )
    )
