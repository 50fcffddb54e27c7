import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gait_jax.gait import codec, contour
from gait_jax.gait.codec import PADDED, RESAMPLED, BodyFrame, ContourCodec


def _rectangle() -> np.ndarray:
    """Columns 3..6, rows 2..4."""
    mask = np.zeros((8, 9), np.uint8)
    mask[2:5, 3:7] = 1
    return mask


def _figure(height=120, width=90) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (40, 22), 12, 1, -1)
    cv2.ellipse(mask, (42, 58), (14, 30), 0, 0, 360, 1, -1)
    cv2.line(mask, (40, 80), (28, 112), 1, 9)
    cv2.line(mask, (44, 80), (58, 110), 1, 9)
    return mask


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


def test_body_frame_of_a_rectangle():
    # Ten boundary pixels: columns 3, 3, 3, 4, 5, 6, 6, 6, 5, 4 have mean 4.5; rows 2..4 have their
    # middle at 3 and are 2 apart.
    body = BodyFrame.of_path(contour.trace(_rectangle()))
    assert (body.x, body.y, body.height) == (4.5, 3.0, 2.0)
    assert body.origin.tolist() == [4.5, 3.0]


def test_body_frame_between_two_rows():
    # Rows 2..5: middle 3.5, height 3. Columns 0, 0, 0, 0, 1, 3: mean 4/6.
    path = np.array([(0, 2), (0, 3), (0, 4), (0, 5), (1, 5), (3, 4)])
    body = BodyFrame.of_path(path)
    assert (body.x, body.y, body.height) == (pytest.approx(2 / 3), 3.5, 3.0)


def test_body_frame_of_a_single_row_has_height_one():
    assert BodyFrame.of_path(np.array([(2, 7), (3, 7)])) == BodyFrame(2.5, 7.0, 1.0)


def test_padded_vector_of_a_rectangle():
    # (x - 4.5) / 2 and (y - 3) / 2.
    vector, count, _ = ContourCodec(PADDED, 16).encode(_rectangle())
    assert count == 10
    assert vector.dtype == np.float32
    expected = [
        *[(-0.75, -0.5), (-0.75, 0), (-0.75, 0.5)],
        *[(-0.25, 0.5), (0.25, 0.5), (0.75, 0.5)],
        *[(0.75, 0), (0.75, -0.5)],
        *[(0.25, -0.5), (-0.25, -0.5)],
    ]
    np.testing.assert_array_equal(vector[:10], expected)
    np.testing.assert_array_equal(vector[10:], np.zeros((6, 2)))


def test_resampled_vector_of_a_rectangle():
    # 10 pixels around, 20 points: every half pixel, first (3, 2), (3, 2.5), (3, 3).
    vector, count, _ = ContourCodec(RESAMPLED, 20).encode(_rectangle())
    assert count == 20
    np.testing.assert_allclose(vector[:3], [(-0.75, -0.5), (-0.75, -0.25), (-0.75, 0)], atol=1e-7)
    # Seven pixels on: two down, three right, two up, at the corner (6, 2).
    np.testing.assert_allclose(vector[14], (0.75, -0.5), atol=1e-7)
    # The last one lies half a pixel before the first one.
    np.testing.assert_allclose(vector[19], (-0.5, -0.5), atol=1e-7)


def test_resample_a_square():
    # 16 around, 8 points: every 2.
    square = np.array([(0, 0), (0, 4), (4, 4), (4, 0)])
    expected = [(0, 0), (0, 2), (0, 4), (2, 4), (4, 4), (4, 2), (4, 0), (2, 0)]
    np.testing.assert_allclose(codec.resample(square, np.array([0, 4]), 8)[0], expected)


def test_resample_spaces_points_by_length_not_by_index():
    # There 6 and back 6 in steps of 1, 5 and 6: 4 points, every 3.
    path = np.array([(0, 0), (1, 0), (6, 0)])
    expected = [(0, 0), (3, 0), (6, 0), (3, 0)]
    np.testing.assert_allclose(codec.resample(path, np.array([0, 3]), 4)[0], expected)


_PATHS = st.lists(
    st.lists(
        st.tuples(st.floats(0, 300, width=32), st.floats(0, 300, width=32)), min_size=1, max_size=12
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(_PATHS, st.integers(0, 3))
def test_resample_of_many_paths_equals_one_by_one_to_the_last_bit(paths, base):
    paths = [np.array(path) for path in paths]
    offsets = base + np.cumsum([0] + [len(path) for path in paths])
    together = codec.resample(np.concatenate(paths), offsets, 9)
    for path, points in zip(paths, together, strict=True):
        alone = codec.resample(path, np.array([0, len(path)]), 9)[0]
        np.testing.assert_array_equal(points, alone)


def test_resample_keeps_a_single_pixel_among_other_paths():
    paths = np.array([(0, 0), (4, 0), (7, 7), (20, 20), (24, 20)])
    points = codec.resample(paths, np.array([0, 2, 3, 5]), 8)
    np.testing.assert_array_equal(points[1], np.full((8, 2), 7))


@pytest.mark.parametrize("layout", [PADDED, RESAMPLED])
def test_encode_paths_equals_encode_of_each(layout):
    masks = [_figure(), np.roll(_figure(), 7, axis=1), _figure()[:90]]
    masks[2][40:50, 30:34] = 0
    paths = [contour.trace(mask) for mask in masks]
    bodies = [BodyFrame.of_path(path) for path in paths]
    # Counted from 5, as within a store that holds other frames before these.
    offsets = 5 + np.cumsum([0] + [len(path) for path in paths])
    coder = ContourCodec(layout, 400)
    vectors, counts = coder.encode_paths(
        np.concatenate(paths), offsets, np.array([(b.x, b.y, b.height) for b in bodies])
    )
    assert counts.dtype == np.int32
    for mask, vector, count in zip(masks, vectors, counts, strict=True):
        alone, alone_count, _ = coder.encode(mask)
        assert count == alone_count
        np.testing.assert_allclose(vector, alone, atol=1e-6)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 25), st.integers(1, 25)),
        min_size=1,
        max_size=5,
    )
)
def test_padded_pixels_return_exactly(boxes):
    mask = np.zeros((90, 90), np.uint8)
    for x, y, width, height in boxes:
        mask[y : y + height, x : x + width] = 1
    coder = ContourCodec(PADDED, 2000)
    path = contour.trace(mask)
    vector, count, body = coder.encode(mask)
    assert count == len(path)
    back = coder.decode_path(vector, count, body)
    np.testing.assert_allclose(back, path, atol=1e-3)
    np.testing.assert_array_equal(
        coder.decode(vector, count, body, mask.shape), contour.fill(path, mask.shape)
    )


def test_padded_decodes_to_the_mask_itself():
    mask = _figure()
    coder = ContourCodec()
    np.testing.assert_array_equal(coder.decode(*coder.encode(mask), mask.shape), mask)


def test_resampled_decodes_to_nearly_the_mask():
    mask = _figure()
    coder = ContourCodec(RESAMPLED, 512)
    assert _iou(coder.decode(*coder.encode(mask), mask.shape), mask) > 0.99


def test_decode_reads_no_point_beyond_the_count():
    mask = _figure()
    coder = ContourCodec()
    vector, count, body = coder.encode(mask)
    vector[count:] = 0.4
    np.testing.assert_array_equal(coder.decode(vector, count, body, mask.shape), mask)


def test_a_path_longer_than_the_vector_is_thinned_not_cut_off():
    # 8 × the figure: more than 2000 boundary pixels.
    mask = np.kron(_figure(), np.ones((8, 8), np.uint8))
    assert len(contour.trace(mask)) > 2000
    coder = ContourCodec(PADDED, 2000)
    vector, count, body = coder.encode(mask)
    assert count == 2000
    decoded = coder.decode(vector, count, body, mask.shape)
    assert _iou(decoded, mask) > 0.98
    assert cv2.boundingRect(decoded) == cv2.boundingRect(mask)


@pytest.mark.parametrize("layout", [PADDED, RESAMPLED])
def test_the_vector_does_not_depend_on_where_the_person_stands(layout):
    mask = _figure()
    moved = np.zeros((300, 400), np.uint8)
    moved[113:233, 251:341] = mask
    coder = ContourCodec(layout, 400)
    vector, count, _ = coder.encode(mask)
    other, other_count, _ = coder.encode(moved)
    assert count == other_count
    np.testing.assert_allclose(other, vector, atol=1e-5)


def test_the_vector_does_not_depend_on_the_resolution():
    mask = _figure()
    twice = np.kron(mask, np.ones((2, 2), np.uint8))
    coder = ContourCodec(RESAMPLED, 256)
    # Pixels of 1/106 body heights: outlines may be one apart.
    np.testing.assert_allclose(coder.encode(twice)[0], coder.encode(mask)[0], atol=1.5 / 106)


def test_an_empty_mask_is_refused():
    with pytest.raises(ValueError, match="an empty mask has no boundary"):
        ContourCodec().encode(np.zeros((9, 9), np.uint8))


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="contour layout 'polar' is not known: use 'padded' or"):
        ContourCodec("polar", 100)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="a contour vector of 7 points is too short: use 8"):
        ContourCodec(PADDED, 7)
    assert ContourCodec(PADDED, 8).points == 8


def test_a_padded_vector_fits_the_longest_path_without_its_padding():
    codec, path = ContourCodec("padded", 40), np.array([(x, y) for y in (0, 3) for x in range(6)])
    body = BodyFrame.of_path(path)
    short = codec.fitting(12)
    assert short.points == 12
    vector, count = codec.encode_path(path, body)
    cut, cut_count = short.encode_path(path, body)
    assert count == cut_count == 12
    np.testing.assert_array_equal(cut, vector[:12])


def test_a_padded_vector_grows_beyond_its_points_for_no_path_and_never_below_eight():
    assert ContourCodec("padded", 40).fitting(41).points == 40
    assert ContourCodec("padded", 40).fitting(3).points == 8


def test_a_resampled_vector_has_all_points_for_any_path():
    assert ContourCodec("resampled", 40).fitting(12).points == 40
