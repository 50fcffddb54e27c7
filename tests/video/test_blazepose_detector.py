import numpy as np
import pytest

from gait_jax.video import blazepose_detector
from gait_jax.video.blazepose_detector import Detector


def test_anchors_lie_in_the_middle_of_cells_of_three_grids():
    found = blazepose_detector.anchors()
    assert found.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2) == (2254, 2)
    # Two in each place, along rows.
    np.testing.assert_array_equal(found[:4], [[4, 4], [4, 4], [12, 4], [12, 4]])
    np.testing.assert_array_equal(found[56], [4, 12])
    np.testing.assert_array_equal(found[1568], [8, 8])
    np.testing.assert_array_equal(found[1960:1967], [[16, 16]] * 6 + [[48, 16]])
    np.testing.assert_array_equal(found[-1], [208, 208])


def test_points_are_read_from_the_anchor():
    raw = np.array([[90, 91, 92, 93, 1, 2, -3, -40, 5, 6, 94, 95]], float)
    seen = blazepose_detector.decode(raw, np.array([[100.0, 50.0]]))
    np.testing.assert_array_equal(seen, [[[101, 52], [97, 10], [105, 56]]])


def test_a_picture_is_scaled_as_a_whole_amid_black():
    part = np.full((50, 100, 3), (0, 255, 51), np.uint8)
    given, scale, shift = blazepose_detector.letterboxed(part)
    assert given.shape == (224, 224, 3) and given.dtype == np.float32
    np.testing.assert_allclose(scale, [2.24, 2.24])
    np.testing.assert_array_equal(shift, [0, 56])
    assert (given[:56] == -1).all() and (given[168:] == -1).all()
    # Red, green, blue.
    np.testing.assert_allclose(
        given[56:168], np.broadcast_to([-0.6, 1, -1], (112, 224, 3)), atol=1e-6
    )
    tall, scale, shift = blazepose_detector.letterboxed(np.zeros((448, 1, 3), np.uint8))
    np.testing.assert_allclose(scale, [1, 0.5])
    assert (tall == -1).all() and shift.tolist() == [111, 0]


def test_tiles_cover_a_picture_and_end_at_its_border():
    assert blazepose_detector.tiles((10, 25, 3), 10, 8) == [
        (0, 0, 10, 10),
        (8, 0, 18, 10),
        (15, 0, 25, 10),
    ]
    assert blazepose_detector.tiles((5, 8), 10, 8) == [(0, 0, 8, 5)]
    covered = np.zeros((31, 44), int)
    for left, top, right, bottom in blazepose_detector.tiles(covered.shape, 12, 7):
        assert (right - left, bottom - top) == (12, 12)
        covered[top:bottom, left:right] += 1
    assert covered.min() == 1


def test_one_person_is_made_of_what_is_close_and_another_of_what_is_not():
    def points(x):
        return [[x, 50.0], [x, 10.0], [x, 30.0]]

    scores = np.array([0.6, 0.9, 0.3, 0.8])
    # The radius is 40, and a quarter of it 10.
    found = blazepose_detector.suppress(
        scores, np.array([points(109.0), points(100.0), points(91.0), points(111.0)])
    )
    assert [person.score for person in found] == [0.9, 0.8]
    # (0.9 · 100 + 0.6 · 109 + 0.3 · 91) / 1.8
    np.testing.assert_allclose(found[0].hips, [101.5, 50])
    np.testing.assert_allclose(found[0].edge, [101.5, 10])
    np.testing.assert_allclose(found[1].shoulders, [111, 30])
    assert found[1].radius == 40
    np.testing.assert_allclose(found[1].box, [71, 10, 151, 90])
    assert (found[1].region.x, found[1].region.size) == pytest.approx((111, 100))
    assert blazepose_detector.suppress(np.zeros(0), np.zeros((0, 3, 2))) == []


def test_whoever_is_seen_on_their_head_is_turned_unless_seen_upright_too():
    upright = [[100.0, 50.0], [100.0, 10.0], [100.0, 30.0]]
    # About the same hips; and somebody else's, 41 pixels beside, whom two detections show.
    over = [[110.0, 45.0], [110.0, 85.0], [110.0, 65.0]]
    beside = [[[x, 50.0], [x + 10, 90.0], [x + 5, 70.0]] for x in (143.0, 151.0)]
    found = blazepose_detector.suppress(
        np.array([0.6, 0.9, 0.75, 0.75]), np.array([upright, over, *beside])
    )
    assert [person.score for person in found] == [0.75, 0.6]
    # The mean of both, turned about the hips.
    np.testing.assert_allclose(found[0].hips, [147, 50])
    np.testing.assert_allclose(found[0].edge, [137, 10])
    np.testing.assert_allclose(found[0].shoulders, [142, 30])
    np.testing.assert_allclose(found[1].edge, [100, 10])


@pytest.fixture
def seeing(monkeypatch):
    """A detector whose network sees one person in the middle of whatever is bright."""

    class Network:
        def __init__(self, name, threads):
            assert (name, threads) == (blazepose_detector.blazepose_files.DETECTOR, 1)

        def __call__(self, given):
            raw, logits = np.zeros((2254, 12)), np.full((2254, 1), -1000.0)
            anchors = blazepose_detector.anchors()
            bright = np.argwhere(given[..., 0] > 0)
            if len(bright):
                y, x = bright.mean(axis=0) + 0.5
                best = np.argmin(np.abs(anchors - [x, y]).sum(axis=1))
                raw[best, 4:10] = np.tile([x, y] - anchors[best], 3) + [0, 28, 0, -28, 0, 0]
                logits[best] = np.log(3.0)
            return [raw, logits]

    monkeypatch.setattr(blazepose_detector, "Network", Network)
    return Detector()


def test_detections_come_in_the_pictures_pixels(seeing):
    picture = np.zeros((120, 160, 3), np.uint8)
    assert seeing.detect(picture) == []
    picture[40:44, 100:108] = 255
    (found,) = seeing.detect(picture)
    assert found.score == pytest.approx(0.75)
    np.testing.assert_allclose(found.shoulders, [104, 42], atol=0.5)
    # 224 pixels of the network are 160 of the picture.
    np.testing.assert_allclose(found.hips - found.edge, [0, 40], atol=1e-6)
    assert seeing.detect(picture, 0.8) == []


def test_whom_several_tiles_show_is_found_once(seeing):
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[40:44, 100:104], picture[90:94, 20:24] = 255, 255
    found = seeing.detect_tiles(picture, blazepose_detector.tiles(picture.shape, 56, 28))
    assert len(found) == 2
    places = sorted(person.shoulders.tolist() for person in found)
    np.testing.assert_allclose(places, [[22, 92], [102, 42]], atol=0.5)
    np.testing.assert_allclose([person.radius for person in found], 14, atol=1e-6)
    assert seeing.detect_tiles(picture, []) == []
