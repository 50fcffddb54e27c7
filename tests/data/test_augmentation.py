import ml_collections
import numpy as np
import pytest

from gait_jax.data.augmentation import augment

# A body that leans: neither side is like the other.
_BODY = np.zeros((3, 32, 22), np.uint8)
_BODY[:, 4:28, 8:13] = 255
_BODY[:, 20:28, 13:17] = 255


def _augmented(seed=0, images=_BODY, **shares):
    config = ml_collections.ConfigDict({"flip": 0.0, "rotate": 0.0, "perspective": 0.0} | shares)
    return augment(images, config, np.random.default_rng(seed))


def test_shares_of_zero_change_nothing():
    for seed in range(20):
        np.testing.assert_array_equal(_augmented(seed), _BODY)


def test_a_mirrored_sequence_is_mirrored_in_all_frames():
    np.testing.assert_array_equal(_augmented(flip=1.0), _BODY[..., ::-1])


def test_shares_are_shares():
    flipped = [not np.array_equal(_augmented(seed, flip=0.2), _BODY) for seed in range(2000)]
    # Three standard deviations.
    assert abs(np.mean(flipped) - 0.2) < 3 * (0.2 * 0.8 / 2000) ** 0.5


@pytest.mark.parametrize("what", ["rotate", "perspective"])
def test_what_is_turned_or_aslant_stays_a_body_alike_in_all_frames(what):
    for seed in range(20):
        made = _augmented(seed, **{what: 1.0})
        assert made.shape == _BODY.shape and made.dtype == np.uint8
        assert (made == made[0]).all() and not np.array_equal(made, _BODY)
        # Turning keeps its size; corners that move outwards make it smaller, at most so much.
        least = 0.95 if what == "rotate" else (1 / 1.3) ** 2
        assert least * _BODY.sum() < made.sum() < 1.05 * _BODY.sum()


def test_what_one_change_draws_leaves_the_others_alone():
    for seed in range(20):
        both = _augmented(seed, flip=1.0, rotate=1.0)
        np.testing.assert_array_equal(both, _augmented(seed, _BODY[..., ::-1], rotate=1.0))


def test_turned_by_degrees():
    """A point a quarter down on the middle column moves sideways by its distance times the sine."""
    line = np.zeros((1, 101, 101), np.uint8)
    line[0, 49:52, :] = 255
    made = _augmented(3, line, rotate=1.0)[0]
    rng = np.random.default_rng(3)
    rng.random(3)
    angle = rng.uniform(-10, 10)
    rows = np.arange(101)
    right, left = ((made[:, x] * rows).sum() / made[:, x].sum() for x in (90, 10))
    # Counter-clockwise is upwards on the right.
    assert left - right == pytest.approx(80 * np.tan(np.radians(angle)), abs=0.3)
