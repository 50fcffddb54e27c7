import numpy as np
import pytest
from drawn import draw_person

from gait_jax.gait import noise_gaits
from gait_jax.gait.noise_gaits import RecordedWalks, choose, name_of


def flat(value):
    """An outline all of whose coordinates are a value."""
    return np.full((2, 2), value, np.float32)


# Walk: person, view, frames, outline. The last one is room only.
_WALKS = [
    (0, 90, 40, 0.0),
    (0, 90, 50, 0.9),
    (1, 90, 52, 0.3),
    (2, 90, 47, 0.1),
    (3, 90, 70, 0.8),
    (3, 0, 50, 5.0),
    (1, 0, 50, 5.1),
    (0, 0, 0, 0.0),
]
WALKS = RecordedWalks(
    *(np.array([walk[k] for walk in _WALKS]) for k in range(3)),
    np.stack([flat(walk[3]) for walk in _WALKS]),
)


@pytest.mark.parametrize(
    ("length", "outline", "candidates", "view", "person", "expected"),
    [
        # Of lengths 50, 52 and 47 beside 50, outlines are 0.9, 0.3 and 0.1 away from 0: the first.
        (50, 0.0, 3, 90, None, 1),
        # Seen from 1.0 the farthest of them is 0.1's.
        (50, 1.0, 3, 90, None, 3),
        # Person 0 in person: 52, 47 and 70 frames are left, the last one farthest from 0.
        (50, 0.0, 3, 90, 0, 4),
        # Among two people only, 52 and 47: 0.3 is farther from 0 than 0.1.
        (50, 0.0, 2, 90, 0, 2),
        # The nearest outline, 5.0, is of view 0: there, 5.1 is the farther one.
        (50, 5.0, 3, None, None, 6),
        # Of person 0 the walk of 40 frames is nearest to 42 and counts alone: 0.1's is 5 away.
        (42, 0.35, 2, 90, None, 0),
    ],
)
def test_the_rule(length, outline, candidates, view, person, expected):
    assert choose(WALKS, length, flat(outline), candidates, view, person) == expected


def test_a_person_whose_walk_is_there_does_not_get_it():
    # Nobody says who they are, or from where they are seen.
    for walk in range(7):
        found = choose(WALKS, _WALKS[walk][2], WALKS.outlines[walk], 2)
        assert WALKS.views[found] == WALKS.views[walk]
        assert WALKS.people[found] != WALKS.people[walk]


def test_without_anybody_else_there_is_none():
    few = RecordedWalks(
        *(getattr(WALKS, n)[:2] for n in ("people", "views", "lengths", "outlines"))
    )
    with pytest.raises(ValueError, match="nobody else has a walk in view 90"):
        choose(few, 50, flat(0.0), 2, 90, 0)


def test_the_outline_is_in_body_heights():
    found = noise_gaits.outline(draw_person(0.3, 60) // 255)
    assert found.shape == (32, 2) and np.ptp(found[:, 1]) == pytest.approx(1, abs=0.06)


def test_names_end_where_the_zeros_begin():
    row = np.zeros(noise_gaits.NAME, np.uint8)
    row[:4] = list("zoë".encode())
    assert name_of(row) == "zoë"
