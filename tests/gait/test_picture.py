import cv2
import numpy as np
import pytest

from gait_jax.gait import picture

# A rectangle from (-0.25, -0.5) to (0.125, 0.5) body heights.
_RECTANGLE = np.array([(-0.25, -0.5), (-0.25, 0.5), (0.125, 0.5), (0.125, -0.5)], np.float32)


def test_draw_puts_each_body_into_its_own_cell():
    # A body is 96 pixels around (44, 56): columns 20..56, rows 8..104 of a cell 88 × 112.
    vectors = np.stack([_RECTANGLE, -_RECTANGLE])
    image = picture.draw(vectors, np.array([4, 4]))
    expected = np.zeros((112, 176), np.uint8)
    expected[8:105, 20:57] = 255
    # Mirrored: columns 32..68 of the second cell.
    expected[8:105, 88 + 32 : 88 + 69] = 255
    np.testing.assert_array_equal(image, expected)


def test_draw_leaves_out_points_beyond_the_count():
    vector = np.concatenate([_RECTANGLE, np.full((3, 2), 0.45, np.float32)])
    np.testing.assert_array_equal(
        picture.draw(vector[None], np.array([4])), picture.draw(_RECTANGLE[None], np.array([4]))
    )


def test_draw_refuses_counts_that_do_not_match():
    with pytest.raises(ValueError):
        picture.draw(_RECTANGLE[None], np.array([4, 4]))


def test_sheet_stacks_rows_beside_a_margin():
    # Margin of 84 columns; lines of 112 + 2 rows.
    wide = np.full((112, 176), 255, np.uint8)
    narrow = np.zeros((112, 88), np.uint8)
    image = picture.sheet({"wide": wide, "narrow": narrow})
    assert image.shape == (2 * 114, 84 + 176)
    assert (image[1:113, 84:] == 255).all()
    assert (image[115:227, 84 : 84 + 88] == 0).all()
    # The rest of the narrow row is grey, and so are the lines between.
    assert (image[115:227, 84 + 88 :] == 96).all()
    assert (image[[0, 113, 114, 227]] == 96).all()
    # The labels differ and are bright.
    labels = image[:114, :84], image[114:, :84]
    assert min(label.max() for label in labels) > 200
    assert (labels[0] != labels[1]).any()


def test_a_png_holds_the_picture():
    image = np.arange(24, dtype=np.uint8).reshape(4, 6)
    data = np.frombuffer(picture.png(image), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), image)
