import numpy as np
from drawn import draw_person

from gait_jax.gait import silhouette, tearing


def _person():
    return np.pad(draw_person(0.8, 60, tall=80) // 255, 12)


def test_it_takes_and_adds_and_repeats_itself():
    body = _person()
    torn = [tearing.tear(body, np.random.default_rng(seed)) for seed in range(200)]
    assert all(one.shape == body.shape and one.dtype == np.uint8 and one.max() == 1 for one in torn)
    np.testing.assert_array_equal(torn[7], tearing.tear(body, np.random.default_rng(7)))
    np.testing.assert_array_equal(body, _person())
    lost = np.array([(body & ~one & 1).sum() / body.sum() for one in torn])
    gained = np.array([(one & ~body & 1).sum() / body.sum() for one in torn])
    # Some hardly, some badly, and most remain people who can be anonymised.
    assert np.quantile(lost, 0.1) < 0.08 and np.quantile(lost, 0.9) > 0.15
    assert 0.02 < (gained > 0.2).mean() < 0.6
    usable = [silhouette.flaw(silhouette.clean(one)) is None for one in torn]
    assert np.mean(usable) > 0.9


def test_every_end_can_be_lost():
    body = _person()
    rows = np.flatnonzero(body.any(1))
    torn = [tearing.tear(body, np.random.default_rng(seed)) for seed in range(300)]
    # Nothing is left of the head, of the feet.
    assert any(not one[: rows[0] + 6].any() for one in torn)
    assert any(not one[rows[-1] - 2 :].any() for one in torn)
