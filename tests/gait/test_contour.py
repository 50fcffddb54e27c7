import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gait_jax.gait import contour


def _steps(path: np.ndarray) -> np.ndarray:
    """Chessboard distances between consecutive points, the last one to the first included."""
    path = path.astype(int)
    return np.abs(np.roll(path, -1, axis=0) - path).max(1)


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


def _rectangle(shape, top, left, height, width) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def test_trace_of_a_rectangle():
    # Columns 3..6, rows 2..4; from the topmost leftmost pixel down, right, up and back.
    mask = _rectangle((8, 9), 2, 3, 3, 4)
    down, right, up, back = (
        [(3, 2), (3, 3), (3, 4)],
        [(4, 4), (5, 4), (6, 4)],
        [(6, 3), (6, 2)],
        [(5, 2), (4, 2)],
    )
    np.testing.assert_array_equal(contour.trace(mask), down + right + up + back)


def test_trace_starts_at_the_topmost_then_leftmost_pixel_of_all_components():
    # The right one reaches higher; of two that reach equally high, the left one.
    mask = _rectangle((20, 30), 5, 2, 6, 6) | _rectangle((20, 30), 4, 20, 6, 6)
    assert contour.trace(mask)[0].tolist() == [20, 4]
    mask |= _rectangle((20, 30), 4, 12, 3, 3)
    assert contour.trace(mask)[0].tolist() == [12, 4]


def test_trace_of_a_single_pixel():
    assert contour.trace(_rectangle((8, 9), 2, 3, 1, 1)).tolist() == [[3, 2]]


@pytest.mark.parametrize(
    "height, width, path",
    [
        (1, 4, [[3, 2], [4, 2], [5, 2], [6, 2], [5, 2], [4, 2]]),
        (4, 1, [[3, 2], [3, 3], [3, 4], [3, 5], [3, 4], [3, 3]]),
    ],
)
def test_trace_walks_a_line_there_and_back(height, width, path):
    mask = _rectangle((8, 9), 2, 3, height, width)
    traced = contour.trace(mask)
    assert traced.tolist() == path
    np.testing.assert_array_equal(contour.fill(traced, mask.shape), mask)


def test_trace_of_two_components_goes_over_a_bridge_and_back():
    # Two 2 × 2 squares, columns 1..2 and 6..7 of rows 2..3: the bridge covers columns 3, 4, 5.
    mask = _rectangle((8, 12), 2, 1, 2, 2) | _rectangle((8, 12), 2, 6, 2, 2)
    path = contour.trace(mask)
    # 4 + 4 boundary pixels, 2 · 3 on the bridge, and its two ends a second time.
    assert len(path) == 4 + 4 + 2 * 3 + 2
    assert _steps(path).max() == 1
    extra = contour.fill(path, mask.shape) - mask
    rows, columns = np.nonzero(extra)
    assert columns.tolist() == [3, 4, 5]
    assert len(set(rows)) == 1


def test_a_bridge_between_large_components_costs_one_line():
    mask = _rectangle((40, 60), 5, 5, 20, 20) | _rectangle((40, 60), 12, 30, 20, 20)
    filled = contour.fill(contour.trace(mask), mask.shape)
    # 400 + 400 pixels and five more between column 24 and column 30.
    assert (filled >= mask).all()
    assert filled.sum() == 805
    assert _iou(filled, mask) == pytest.approx(800 / 805)


def test_a_ring_keeps_its_hole():
    mask = _rectangle((9, 10), 1, 1, 7, 7)
    mask[3:6, 3:6] = 0
    path = contour.trace(mask)
    assert _steps(path).max() == 1
    # The hole's boundary is the ring of 12 pixels around its 9, corners cut.
    assert {(4, 2), (2, 4), (6, 4), (4, 6)} <= {tuple(p) for p in path.tolist()}
    np.testing.assert_array_equal(contour.fill(path, mask.shape), mask)


def test_a_component_inside_a_hole_comes_back():
    # A frame two wide, a 9 × 9 hole in it, and in the middle of that a 3 × 3 block.
    mask = _rectangle((15, 15), 1, 1, 13, 13)
    mask[3:12, 3:12] = 0
    mask[6:9, 6:9] = 1
    path = contour.trace(mask)
    assert _steps(path).max() == 1
    filled = contour.fill(path, mask.shape)
    assert (filled >= mask).all()
    # The bridge spans the three rows or columns between hole boundary and block.
    assert (filled - mask).sum() == 3


def test_a_hole_inside_a_component_inside_a_hole():
    mask = _rectangle((30, 30), 0, 0, 30, 30)
    mask[3:27, 3:27] = 0
    mask[8:22, 8:22] = 1
    mask[12:18, 12:18] = 0
    filled = contour.fill(contour.trace(mask), mask.shape)
    assert (filled >= mask).all()
    # Five pixels between column 2 and column 8, nothing inside the inner ring.
    assert (filled - mask).sum() == 5
    assert not filled[12:18, 12:18].any()


def test_bridges_on_both_sides_of_where_a_boundary_is_entered():
    # From a bar at the left into a disc at its leftmost point; from there one bridge leaves after
    # it, to the right, and one before it, near the disc's top, where OpenCV starts its boundary.
    mask = _rectangle((60, 80), 2, 20, 48, 2)
    cv2.circle(mask, (40, 35), 14, 1, -1)
    mask[15:18, 34:37] = 1
    mask[34:37, 60:63] = 1
    path = contour.trace(mask)
    assert _steps(path).max() == 1
    boundaries = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]
    points = {tuple(p) for p in path.tolist()}
    assert {tuple(p) for b in boundaries for p in b[:, 0].tolist()} <= points
    filled = contour.fill(path, mask.shape)
    assert (filled >= mask).all()
    # Columns 22..25 and 55..59, and at most the five rows between 17 and 23.
    assert 4 + 5 < (filled - mask).sum() <= 4 + 5 + 5


def test_many_components_nest_deeper_than_recursion_allows():
    # A row of 1050 single pixels: a chain of bridges, one pixel each.
    mask = np.zeros((1, 2100), np.uint8)
    mask[0, ::2] = 1
    path = contour.trace(mask)
    assert _steps(path).max() == 1
    assert contour.fill(path, mask.shape).sum() == 2099


def test_trace_leaves_its_input_alone():
    mask = _rectangle((8, 9), 2, 3, 3, 4)
    before = mask.copy()
    contour.trace(mask)
    np.testing.assert_array_equal(mask, before)


def test_an_empty_mask_is_refused():
    with pytest.raises(ValueError, match="an empty mask has no boundary"):
        contour.trace(np.zeros((5, 5), np.uint8))


_ROWS, _COLUMNS = 36, 44
_BOX = st.tuples(
    st.booleans(),
    st.integers(0, _COLUMNS - 1),
    st.integers(0, _ROWS - 1),
    st.integers(1, 16),
    st.integers(1, 16),
)


def _draw(boxes, cuts=()) -> np.ndarray:
    """Unions of rectangles and discs, others cut out of them."""
    mask = np.zeros((_ROWS, _COLUMNS), np.uint8)
    for value, shapes in ((1, boxes), (0, cuts)):
        for disc, x, y, width, height in shapes:
            if disc:
                cv2.circle(mask, (x, y), width // 2, value, -1)
            else:
                mask[y : y + height, x : x + width] = value
    return mask


def _largest_component(mask: np.ndarray) -> np.ndarray:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(_BOX, min_size=1, max_size=6), st.lists(_BOX, max_size=4))
def test_one_component_with_its_holes_comes_back_exactly(boxes, cuts):
    mask = _draw(boxes, cuts)
    if not mask.any():
        return
    mask = _largest_component(mask)
    path = contour.trace(mask)
    assert _steps(path).max() <= 1
    np.testing.assert_array_equal(contour.fill(path, mask.shape), mask)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(_BOX, min_size=2, max_size=8), st.lists(_BOX, max_size=4))
def test_several_components_come_back_with_no_more_than_bridges(boxes, cuts):
    mask = _draw(boxes, cuts)
    if not mask.any():
        return
    path = contour.trace(mask)
    assert _steps(path).max() <= 1
    rows, columns = np.nonzero(mask)
    top = rows.min()
    assert path[0].tolist() == [columns[rows == top].min(), top]
    filled = contour.fill(path, mask.shape)
    # Nothing is lost, and what is added lies on the path itself.
    assert (filled >= mask).all()
    added = {(x, y) for y, x in np.argwhere(filled > mask).tolist()}
    assert added <= {tuple(p) for p in path.tolist()}


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    st.lists(_BOX, min_size=1, max_size=5),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_the_path_moves_with_the_mask(boxes, dx, dy):
    mask = _draw(boxes)
    moved = np.zeros((_ROWS + 8, _COLUMNS + 8), np.uint8)
    moved[dy : dy + _ROWS, dx : dx + _COLUMNS] = mask
    np.testing.assert_array_equal(contour.trace(moved), contour.trace(mask) + [dx, dy])


def test_fill_cuts_off_what_leaves_the_frame():
    # A square from (-3, -3) to (2, 2): rows and columns 0..2 are inside.
    path = np.array([(-3, -3), (-3, 2), (2, 2), (2, -3)])
    expected = np.zeros((4, 6), np.uint8)
    expected[:3, :3] = 1
    np.testing.assert_array_equal(contour.fill(path, (4, 6)), expected)


def test_fill_of_a_path_far_outside_is_empty():
    assert not contour.fill(np.array([(50.0, 5), (60, 5), (55, 9)]), (20, 20)).any()
    assert not contour.fill(np.array([(-60.0, 5), (-50, 5), (-55, 9)]), (20, 20)).any()


def test_fill_around_the_whole_frame_is_full():
    assert contour.fill(np.array([(-500.0, -500), (700, -500), (100, 900)]), (20, 30)).all()


def test_fill_survives_points_further_away_than_integers_reach():
    path = np.array([(-1e12, -1e12), (1e12, -1e12), (1e12, 1e12), (-1e12, 1e12)])
    assert contour.fill(path, (20, 30)).all()


def test_fill_of_no_points_is_empty():
    assert not contour.fill(np.zeros((0, 2)), (4, 5)).any()


def test_fill_rounds_to_the_nearest_pixel():
    # Corners at 1.2 and 4.8, less than half a pixel from 1 and 5.
    path = np.array([(1.2, 1.2), (1.2, 4.8), (4.8, 4.8), (4.8, 1.2)])
    np.testing.assert_array_equal(contour.fill(path, (8, 8)), _rectangle((8, 8), 1, 1, 5, 5))


def test_length_of_a_rectangle():
    # Centres of columns 3..6 and rows 2..4 are 3 and 2 apart: 2 · (3 + 2).
    assert contour.length(_rectangle((8, 9), 2, 3, 3, 4)) == 10


def test_length_adds_up_components_and_holes():
    # A 5 × 5 block (16) and a pair of pixels (there and back, 2); the block's one missing pixel is
    # walked around in four diagonal steps.
    mask = _rectangle((9, 12), 1, 1, 5, 5) | _rectangle((9, 12), 7, 9, 1, 2)
    assert contour.length(mask) == 18
    mask[3, 3] = 0
    assert contour.length(mask) == pytest.approx(18 + 4 * 2**0.5, rel=1e-6)


def test_length_of_nothing():
    assert contour.length(np.zeros((5, 5), np.uint8)) == 0


@pytest.mark.parametrize("radius", [10, 30, 100])
def test_a_circle_turns_once(radius):
    mask = cv2.circle(np.zeros((256, 256), np.uint8), (128, 128), radius, 1, -1)
    assert contour.turning(mask) == pytest.approx(2 * np.pi, rel=0.01)


def test_a_cross_turns_at_every_corner():
    mask = np.zeros((200, 200), np.uint8)
    mask[20:180, 80:120] = mask[80:120, 20:180] = 1
    # Eight corners outwards and four inwards, each a quarter; smoothing rounds a little of it off.
    assert contour.turning(mask) == pytest.approx(12 * np.pi / 2, rel=0.1)
    # The same at twice the size.
    large = cv2.resize(mask, (400, 400), interpolation=cv2.INTER_NEAREST)
    assert contour.turning(large) == pytest.approx(contour.turning(mask), rel=0.05)


def test_nothing_does_not_turn():
    with pytest.raises(ValueError, match="no boundary"):
        contour.turning(np.zeros((9, 9), np.uint8))
