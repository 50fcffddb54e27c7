import cv2
import numpy as np

from tfds_casia.walkers import portrait, standin


def test_people_are_seen_whole_as_tall_and_each_as_they_are():
    seen = [portrait.portrait(standin.draw(seed)) for seed in (0, 1, 2)]
    for mask in seen:
        assert set(np.unique(mask)) == {0, 255}
        height = cv2.boundingRect(mask)[3]
        # Of 200 upright; in mid-stride legs are apart.
        assert 185 <= height <= 202
        # One piece.
        assert cv2.connectedComponents(mask, connectivity=8)[0] == 2
    np.testing.assert_array_equal(seen[0], portrait.portrait(standin.draw(0)))
    areas = [np.count_nonzero(mask) for mask in seen]
    assert len({*areas}) == 3
