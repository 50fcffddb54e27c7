"""How much of a change is random, by hand."""

import jax
import numpy as np
import pandas as pd
import pytest
from drawn import TINY, load_config

from gait_jax.evaluation import noise_share, sections
from gait_jax.evaluation.noise_share import Deviation
from gait_jax.evaluation.rows import to_frame
from gait_jax.gait import contour
from gait_jax.methods.registry import METHODS

_ORIGINAL = np.zeros((4, 2))
# Two draws: all points moved by (3, 1) and by (1, 1).
_DRAWN = np.stack([_ORIGINAL + [3, 1], _ORIGINAL + [1, 1]])


def test_deviation_by_hand():
    found = noise_share.deviation(_ORIGINAL, _DRAWN)
    # ‖·‖₁: 4 and 2, of the mean (2, 1) 3, around it 1. Squares: 10 and 2; around the mean 1 for two
    # draws, 2 for any number.
    assert found == Deviation(3.0, 3.0, 1.0, 6.0, 2.0)


def test_what_every_draw_does_is_none_of_the_noise():
    found = noise_share.deviation(_ORIGINAL, _DRAWN[:1].repeat(3, axis=0))
    assert found == Deviation(4.0, 4.0, 0.0, 10.0, 0.0)


def test_the_scatter_does_not_depend_on_the_number_of_draws():
    drawn = np.random.default_rng(0).normal(size=(4000, 1, 2)) + [1, 0]
    few = [
        noise_share.deviation(np.zeros((1, 2)), part).scatter for part in drawn.reshape(-1, 4, 1, 2)
    ]
    # Variances of 1 in x and y.
    assert np.mean(few) == pytest.approx(2, rel=0.05)
    assert noise_share.deviation(np.zeros((1, 2)), drawn).square == pytest.approx(3, rel=0.05)


def test_spread_is_the_mean_over_pairs():
    contours = np.zeros((3, 5, 2))
    contours[1] += [1, 0]
    contours[2] += [0, 3]
    # 1, 3 and 1 + 3.
    assert noise_share.spread(contours) == pytest.approx(8 / 3)


def test_outlines_stand_in_the_originals_body_frame():
    original, moved = np.zeros((2, 60, 40), np.uint8)
    original[5:46, 10:31] = 1
    moved[5:46, 14:35] = 1
    one, other = noise_share.outlines(original, [original, moved])
    # Four pixels of a body of 40.
    np.testing.assert_allclose(other - one, np.broadcast_to([0.1, 0], one.shape), atol=1e-6)


def test_a_contour_at_equal_steps_is_the_same_closed_line():
    # A square of side 1, its points crowded on one side.
    corners = np.array([[0, 0], [0.1, 0], [0.2, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    (found,) = noise_share.at_equal_steps(corners[None])
    steps = np.linalg.norm(np.roll(found, -1, 0) - found, axis=1)
    np.testing.assert_allclose(steps, 4 / noise_share.POINTS, atol=1e-6)


def _rows(noise):
    found = [Deviation(0.03, 0.02, 0.01, 4.0, 1.0), Deviation(0.05, 0.04, 0.03, 0.0, 0.0)]
    real = np.zeros((2, 4, 2))
    real[1] += 0.25
    return list(noise_share.rows("m", found, noise, real))


def test_rows_and_table():
    noise = np.zeros((2, 4, 2))
    noise[1] += 0.125
    rows = _rows(noise)
    assert {row.metric: (round(row.value, 6), row.n) for row in rows} == {
        "noise_distance": (0.04, 2),
        "noise_of_mean": (0.03, 2),
        "noise_around": (0.02, 2),
        # Of all squares together: 0.5 of 2.
        "noise_share": (0.25, 2),
        "noise_spread": (0.25, 2),
        "real_spread": (0.5, 2),
    }
    (section,) = sections.noise_share(to_frame(rows), {"m": "M", "other": "O"}, {"M": b"png"})
    _, table, figure = section.blocks
    assert table.frame.to_numpy().tolist() == [
        ["M", "0.0400", "0.0300", "0.0200", "25.0", "0.2500", "0.5000"]
    ]
    assert figure.png == b"png"


def test_noise_that_is_no_contour_has_no_spread():
    rows = _rows(None)
    assert {row.metric for row in rows} == {
        "noise_distance", "noise_of_mean", "noise_around", "noise_share",
    }  # fmt: skip
    (section,) = sections.noise_share(to_frame(rows), {"m": "M"}, {})
    assert section.blocks[1].frame.iloc[0, -2:].tolist() == ["–", "–"]


def test_what_was_not_measured_has_no_section():
    assert sections.noise_share(to_frame([]), {"m": "M"}, {}) == []
    assert isinstance(to_frame([]), pd.DataFrame)


@pytest.mark.parametrize("name", ["stgan", "stgan_resampled"])
def test_an_anonymiser_shows_the_contour_that_it_draws(name):
    config = load_config(name, "casia_a")
    config.update_from_flattened_dict(TINY)
    method = METHODS[config.method](config)
    state = method.init()
    anonymizer = method.anonymizer(state)
    mask = np.zeros((60, 40), np.uint8)
    mask[5:46, 10:31] = 1
    key = jax.random.key(3)
    person = anonymizer.person([anonymizer.glimpse(mask)], key, 25.0)
    noise = anonymizer.noise(person)
    expected = method.noise_gan.draw(state.frozen["noise_gan"], key[None])[0]
    np.testing.assert_allclose(noise, expected, atol=2e-6)
    assert len(contour.trace(mask)) != len(noise)
