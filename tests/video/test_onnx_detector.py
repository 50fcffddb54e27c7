"""Detectors of others: what they give is read right, and what cannot be read is refused."""

import cv2
import numpy as np
import onnx_networks
import pytest

from gait_jax.runtime.errors import InputError
from gait_jax.video import onnx_detector, person_score
from gait_jax.video.onnx_detector import held, letterboxed, people


def test_a_picture_lies_amid_grey_in_its_proportions():
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[..., 0] = 200
    whole, scale, shift = letterboxed(picture, (64, 64))
    assert whole.shape == (64, 64, 3) and scale == 0.4 and shift.tolist() == [0, 8]
    assert (whole[:8] == 114).all() and (whole[56:] == 114).all()
    # Blue comes last.
    assert (whole[8:56] == [0, 0, 200]).all()
    tall, scale, shift = letterboxed(np.zeros((40, 10, 3), np.uint8), (80, 80))
    assert scale == 2 and shift.tolist() == [30, 0] and (tall[:, 30:50] == 0).all()


def _yolov5(classes=3):
    """Two boxes, and 18 of nothing: a person of 0.9 · 0.8, and a dog of 0.7."""
    found = np.zeros((1, 20, 5 + classes), np.float32)
    found[0, 0] = [30, 40, 20, 60, 0.9, 0.8, 0.1, 0.0]
    found[0, 1] = [10, 10, 6, 4, 0.7, 0.0, 1.0, 0.0]
    return found


def _yolov8():
    return np.concatenate([_yolov5()[..., :4], _yolov5()[..., 5:]], axis=-1).transpose(0, 2, 1)


_BOX = [20, 10, 40, 70]
_END = np.array([[[20, 10, 40, 70, 0.6, 0], [1, 2, 3, 4, 0.9, 2]]], np.float32)
_TORCHVISION = [
    np.array([_BOX, [1, 2, 3, 4]], np.float32),
    np.array([1, 18]),
    np.array([0.75, 0.95], np.float32),
]


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([_yolov5()], 0.72),
        # Further outputs, of single scales, are passed over.
        ([_yolov5(), np.zeros((1, 3, 4, 4, 8), np.float32)], 0.72),
        ([_yolov8()], 0.8),
        ([_END], 0.6),
        (_TORCHVISION, 0.75),
        (_TORCHVISION[::-1], 0.75),
        # The ONNX model zoo's: rows first.
        ([np.array([[[10, 20, 70, 40]]], np.float32), np.array([[[0.5], [0.1]]], np.float32)], 0.5),
    ],
)
def test_every_form_gives_the_same_box_of_a_person(outputs, expected):
    boxes, scores = people(outputs, -1, "net.onnx")
    best = scores.argmax()
    assert scores[best] == pytest.approx(expected)
    np.testing.assert_allclose(boxes[best], _BOX, atol=1e-4)


def test_another_class_may_be_people():
    boxes, scores = people([_yolov5()], 1, "net.onnx")
    # Of the first box 0.9 · 0.1.
    assert scores[:2] == pytest.approx([0.09, 0.7]) and boxes[1].tolist() == [7, 8, 13, 12]
    assert people(_TORCHVISION, 18, "net.onnx")[1] == pytest.approx([0.95])
    assert len(people(_TORCHVISION, 7, "net.onnx")[1]) == 0
    with pytest.raises(InputError, match=r"net.onnx has 3 classes, none of number 7: set another"):
        people([_yolov5()], 7, "net.onnx")


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [np.zeros((1, 1000), np.float32)],
        [np.zeros((1, 3, 4, 4, 8), np.float32)],
        [np.zeros((2, 20, 85), np.float32)],
        [np.zeros((5, 4), np.float32), np.zeros(5, np.float32), np.zeros(5, np.float32)],
    ],
)
def test_outputs_that_are_not_known_are_refused_by_their_shapes(outputs):
    with pytest.raises(InputError, match="net.onnx gives outputs .* not known: export") as error:
        people(outputs, -1, "net.onnx")
    assert all(str(list(one.shape)) in str(error.value) for one in outputs)


def test_logits_are_no_probabilities():
    raw = _yolov8()
    raw[0, 4:] = -3
    with pytest.raises(InputError, match="scores from -3 to .*, no probabilities"):
        people([raw], -1, "net.onnx")


def test_a_share_of_the_persons_box_is_held():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 20, 10], [20, 20, 30, 30], [-50, -50, 50, 50]])
    assert held(boxes, np.array([0, 0, 10, 10])).tolist() == [1, 0.5, 0, 1]


class _Network:
    """Finds one person of 0.9 at a place in its own pixels, and remembers what it was given."""

    name, wants_bytes = "net.onnx", False

    def __init__(self, shape, box):
        self.shape, self._box, self.given = shape, box, None

    def __call__(self, given, size):
        self.given, self.size = given, size
        return [np.array([self._box]), np.array([1]), np.array([0.9])]


@pytest.mark.parametrize("shape", [[1, 3, 64, 64], [3, "height", "width"]])
def test_a_box_counts_where_the_person_is(shape):
    mask = np.zeros((120, 160), np.uint8)
    mask[20:100, 40:60] = 1
    # In 64×64: columns 16 to 24, rows 8 + 8 to 8 + 40.
    there = _Network(shape, [16.0, 16.0, 24.0, 48.0])
    picture = np.full((120, 160, 3), 51, np.uint8)
    assert onnx_detector.OnnxDetector(there, 64, -1)(picture, mask) == pytest.approx(0.9)
    assert there.given.shape == (1, 3, 64, 64)[4 - len(shape) :] and there.size == [64, 64]
    assert there.given.dtype == np.float32 and there.given.max() == pytest.approx(114 / 255)
    beside = _Network(shape, [21.0, 16.0, 40.0, 48.0])
    assert onnx_detector.OnnxDetector(beside, 64, -1)(picture, mask) == 0


def test_what_takes_no_pictures_is_refused():
    with pytest.raises(InputError, match=r"net.onnx takes inputs \[1, 10\], no pictures"):
        onnx_detector.OnnxDetector(_Network([1, 10], []), 64, -1)


def test_a_detector_is_found_by_its_name(tmp_path):
    with pytest.raises(
        InputError, match="detector 'yolo' is not known: use blazepose or onnx:PATH"
    ):
        person_score.build("yolo", 64, -1)
    assert person_score.name_of("onnx:a/b.onnx") == "b.onnx"
    with pytest.raises(InputError, match=r"b.onnx cannot be read .*: give an ONNX file"):
        person_score.identity(f"onnx:{tmp_path}/b.onnx")
    one, other = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"1"), other.write_bytes(b"2")
    keys = {person_score.identity(f"onnx:{path}") for path in (one, other)}
    assert len(keys) == 2 and person_score.identity("blazepose") == "blazepose"


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ({"images": [1, 3, 64, 64]}, [_yolov5()], 0.72),
        ({"images": [1, 3, None, None]}, [_yolov8()], 0.8),
        ({"image": [3, None, None]}, _TORCHVISION, 0.75),
        (
            {"input_1": [1, 3, 64, 64], "image_shape": [1, 2]},
            [
                np.array([[[10.0, 20, 70, 40]]]),
                np.array([[[0.5], [0.1]]]),
                np.zeros((1, 0, 3), np.int64),
            ],
            0.5,
        ),
    ],
)
def test_exported_networks_run(tmp_path, inputs, outputs, expected):
    onnx_networks.write(tmp_path / "net.onnx", inputs, outputs)
    detect = person_score.build(f"onnx:{tmp_path / 'net.onnx'}", 64, -1)
    mask = np.zeros((64, 64), np.uint8)
    cv2.rectangle(mask, (20, 10), (39, 63), 1, -1)
    assert detect(np.zeros((64, 64, 3), np.uint8), mask) == pytest.approx(expected)
