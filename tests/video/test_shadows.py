import numpy as np
import pytest

from gait_jax.gait.limbs import Feet
from gait_jax.video.shadows import cast


def feet(lifts=(0.0, 0.0), right=0.0):
    """Feet of somebody of 200 pixels, 24 long and 6 deep, who walks to the left."""
    corners = np.array([[[0, 0], [0, 6], [-24, 0], [-24, 6]]] * 2, float)
    corners += np.array([[[90 + right, 150]], [[140 + right, 150]]])
    return Feet(corners, np.array(lifts), 200.0)


def darkened(of, shape=(200, 240)):
    scene = np.full((*shape, 3), 200, np.uint8)
    cast(scene, of)
    return 1 - scene[..., 0] / 200


def test_the_ground_is_darkest_below_feet_that_stand():
    dark = darkened(feet())
    # A half below a foot and 22 % below the body: 61 % in all, where nothing is blurred away.
    assert 0.4 < dark[153, 78] <= 0.615
    assert 0.4 < dark[153, 128] <= 0.615
    assert dark[153, 103] < 0.3
    # What is far has no shadow.
    assert dark[:80].max() == 0 and dark[153, 5] == 0
    assert np.unravel_index(dark.argmax(), dark.shape)[0] == pytest.approx(153, abs=2)


def test_a_lifted_foot_has_less_of_a_shadow():
    stands, lifted = darkened(feet()), darkened(feet((0.08, 0.0)))
    assert lifted[153, 78] < 0.5 * stands[153, 78]
    assert lifted[153, 128] == pytest.approx(stands[153, 128], abs=0.02)


@pytest.mark.parametrize("right", [-300.0, -85.0, 120.0, 1e5])
def test_feet_may_be_beside_the_picture(right):
    dark = darkened(feet(right=right))
    assert dark.shape == (200, 240) and 0 <= dark.min()
    assert (dark.max() > 0) == (abs(right) < 200)
