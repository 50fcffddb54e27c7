"""Pictures that are searched at once: rendered walkers."""

import numpy as np
import pytest

from gait_jax.runtime.errors import InputError
from gait_jax.video import blazepose_files
from gait_jax.video.bodies import Bodies
from gait_jax.video.crew import Crew
from tfds_casia.walkers import twin
from tfds_casia.walkers.recording import WalkName

_WHOLE = [(0, 0, 320, 240)]


@pytest.fixture(scope="module")
def pictures():
    return twin.film(0, WalkName(1, "nm", 1), 90, body_of=1)[2][20:25]


def test_at_once_pictures_show_whom_they_show_one_by_one(pictures):
    alone = Bodies()
    with Crew(2) as crew:
        searches = [crew.search(picture, _WHOLE) for picture in pictures]
        found = [search.result() for search in searches]
    for picture, poses in zip(pictures, found, strict=True):
        (one,), (other,) = poses, alone.search(picture, _WHOLE)
        np.testing.assert_array_equal(one.landmarks, other.landmarks)
        np.testing.assert_array_equal(one.mask, other.mask)


def test_a_picture_that_cannot_be_searched_costs_no_other(pictures):
    with Crew(1) as crew:
        bad = crew.search(None, _WHOLE)
        good = crew.search(pictures[0], _WHOLE)
        with pytest.raises(TypeError):
            bad.result()
        assert len(good.result()) == 1


def test_a_missing_network_is_told_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("GAIT_JAX_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=blazepose_files.DETECTOR):
        Crew(2)
