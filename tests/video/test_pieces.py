import numpy as np

from gait_jax.video.pieces import pieces


def test_pieces_come_with_their_boxes_and_without_what_else_is_in_them():
    mask = np.zeros((8, 12), np.uint8)
    mask[2:7, 3] = mask[6, 3:9] = 1  # an L
    mask[3, 6] = mask[4, 7] = 1  # two pixels that share a corner, within the L's box
    (x, y, first), (left, top, second) = pieces(mask)
    assert (x, y, first.shape) == (3, 2, (5, 6))
    assert first.sum() == 10 and first[:, 0].all() and first[4].all()
    assert (left, top, second.tolist()) == (6, 3, [[True, False], [False, True]])


def test_pieces_cover_any_mask_once():
    mask = (np.random.default_rng(0).random((40, 60)) < 0.2).astype(np.uint8)
    seen = np.zeros_like(mask)
    for x, y, piece in pieces(mask):
        seen[y : y + piece.shape[0], x : x + piece.shape[1]] += piece
    np.testing.assert_array_equal(seen, mask)


def test_nothing_has_no_pieces():
    assert list(pieces(np.zeros((5, 5), np.uint8))) == []
