import numpy as np
import pytest

from tfds_casia.walkers import raster, recording
from tfds_casia.walkers.raster import SUBPIXELS, Topology, Window

# Two triangles that make a square; they run counter-clockwise as seen, y pointing down.
_SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def _square(left, top, size):
    corners = [[left, top], [left, top + size], [left + size, top + size], [left + size, top]]
    return np.array(corners) * SUBPIXELS


def _draw(points, faces, size=6):
    window = Window(np.zeros(1, int), np.zeros(1, int), size, size)
    return raster.silhouettes(points[np.newaxis], Topology.of(faces), window)[0]


def test_a_square_fills_its_pixels():
    picture = _draw(_square(1, 2, 3), _SQUARE)
    expected = np.zeros((6, 6), np.uint8)
    expected[2:5, 1:4] = 255
    np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize(("shift", "first"), [(0, 1), (8, 1), (9, 2), (16, 2), (-7, 1), (-8, 0)])
def test_a_pixel_is_covered_if_its_centre_is(shift, first):
    picture = _draw(_square(1, 1, 3) + [shift, 0], _SQUARE)
    assert np.nonzero(picture.any(axis=0))[0].tolist() == [first, first + 1, first + 2]


def test_a_face_may_be_as_large_as_the_largest_picture():
    # Its corners' distances, multiplied, are more than 31 bits hold.
    picture = _draw(_square(60, 40, 2920), _SQUARE, 3000)
    assert np.count_nonzero(picture) == 2920**2
    assert picture[40:2960, 60:2980].all()


def test_faces_turned_away_are_not_seen():
    assert not _draw(_square(1, 1, 3), _SQUARE[:, ::-1]).any()


def test_overlapping_pieces_do_not_cancel():
    points = np.concatenate([_square(0, 0, 4), _square(2, 2, 4)])
    picture = _draw(points, np.concatenate([_SQUARE, _SQUARE + 4]))
    # 16 + 16 pixels, 4 of them shared.
    assert np.count_nonzero(picture) == 28


def test_only_edges_that_faces_share_are_inner():
    topology = Topology.of(_SQUARE)
    assert len(topology.edges) == 5
    inner = (topology.sides < 2).all(axis=1)
    # The first face runs along the edge as it is given: face 0 from 2 to 0, face 1 from 0 to 2.
    assert {0: [2, 0], 1: [0, 2]}[topology.sides[inner][0, 0]] == topology.edges[inner][0].tolist()
    assert sorted(topology.sides[inner][0]) == [0, 1]


def test_the_nearer_face_is_seen():
    points = np.concatenate([_square(0, 0, 4), _square(2, 2, 4)])[np.newaxis]
    faces = np.concatenate([_SQUARE, _SQUARE + 4])
    window = Window(np.zeros(1, int), np.zeros(1, int), 6, 6)
    near, far = np.full(4, 1.0), np.full(4, 2.0)
    for depths, expected in (((near, far), {0, 1}), ((far, near), {2, 3})):
        seen = raster.nearest_faces(points, np.concatenate(depths)[np.newaxis], faces, window)[0]
        assert set(seen[2:4, 2:4].ravel()) <= expected
        assert (seen >= 0).sum() == 28


def test_pasting_cuts_at_the_border():
    window = Window(np.array([-1, 3]), np.array([2, -2]), 2, 3)
    whole = window.paste(np.full((2, 2, 3), 7, np.uint8), (4, 4))
    assert np.argwhere(whole[0]).tolist() == [[0, 2], [0, 3]]
    assert np.argwhere(whole[1]).tolist() == [[3, 0]]


@pytest.mark.parametrize(("top", "left"), [(4, 0), (9, 1), (-2, 0), (-9, 1), (0, 4), (1, -3)])
def test_what_lies_outside_of_the_picture_is_not_pasted(top, left):
    window = Window(np.array([top]), np.array([left]), 2, 3)
    assert not window.paste(np.full((1, 2, 3), 7, np.uint8), (4, 4)).any()


def test_outline_and_faces_agree_on_a_walker():
    # Two ways to the same pixels: the layers between edges, and each face by itself.
    moving = recording.move(0, recording.WalkName(2, "cl", 1))
    for view in (0, 54, 162):
        sight = recording.see(moving, view)
        seen = raster.nearest_faces(sight.points, sight.depths, moving.figure.faces, sight.window)
        np.testing.assert_array_equal(seen >= 0, sight.masks > 0)
