import numpy as np
import pytest

from gait_jax.data.plates import worn


def test_without_error_a_plate_is_the_plate():
    plate = np.full((60, 80, 3), 90, np.uint8)
    assert worn(plate, 0.0, "001-nm-01-090") is plate


@pytest.mark.parametrize("error", [2.0, 6.0])
def test_a_plate_is_off_by_so_many_grey_levels(error):
    plate = np.full((240, 320, 3), 120, np.uint8)
    found = [worn(plate, error, f"{k:03d}-nm-01-090").astype(float) - 120 for k in range(16)]
    squares = np.mean([np.square(one).mean() for one in found])
    assert np.sqrt(squares) == pytest.approx(error, rel=0.25)
    # Neither everywhere alike, nor noise alone.
    assert np.std([one.mean() for one in found]) > 0.3 * error
    np.testing.assert_array_equal(worn(plate, error, "a"), worn(plate, error, "a"))
    assert (worn(plate, error, "a") != worn(plate, error, "b")).any()
