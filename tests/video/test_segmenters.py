import sys

import cv2
import numpy as np
import pytest
from clips import draw_scene, walk_in, walking

from gait_jax.runtime.errors import InputError
from gait_jax.video import segmenters
from gait_jax.video.background import estimate
from gait_jax.video.foreground import DifferenceSegmenter


@pytest.fixture(scope="module")
def scene():
    return estimate(draw_scene()[None])


def test_by_default_it_is_the_difference_from_the_background(scene):
    assert isinstance(segmenters.build("background", scene), DifferenceSegmenter)


@pytest.mark.parametrize(
    ("shape", "output", "size"),
    [
        ([1, 32, 48, 3], lambda red: red[..., None], (32, 48)),
        ([1, 3, 32, 48], lambda red: red[None], (32, 48)),
        (["batch", 3, "height", "width"], lambda red: 40 * red[None] - 20, (256, 256)),
        ([1, 32, 48, 3], lambda red: np.stack([1 - red, red], axis=-1), (32, 48)),
    ],
)
def test_a_network_gets_red_green_blue_and_gives_people_in_any_layout(shape, output, size):
    given = []

    def run(x):
        given.append(x)
        first = x[0] if x.shape[1] == 3 else x[0].transpose(2, 0, 1)
        return output(first[0])[None]  # red people on black

    image = np.zeros((64, 96, 3), np.uint8)
    image[16:48, 32:64, 2] = 255
    mask = segmenters.NetworkSegmenter(shape, run)(image)
    assert given[0].shape in {(1, *size, 3), (1, 3, *size)}
    assert (given[0].dtype, given[0].max()) == (np.float32, 1.0)
    expected = np.zeros((64, 96), np.uint8)
    expected[16:48, 32:64] = 1
    assert np.count_nonzero(mask != expected) <= 2 * (32 + 32)
    assert mask[20:44, 36:60].all() and not mask[:14].any()


def red_channel_model(path):
    """An ONNX network that calls people what is red."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    kernel = helper.make_tensor("kernel", TensorProto.FLOAT, [1, 3, 1, 1], [1.0, 0.0, 0.0])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "kernel"], ["person"])],
        "red",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 48])],
        [helper.make_tensor_value_info("person", TensorProto.FLOAT, [1, 1, 32, 48])],
        [kernel],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))


def test_an_onnx_model_runs(tmp_path, scene):
    pytest.importorskip("onnxruntime")
    red_channel_model(tmp_path / "red.onnx")
    segment = segmenters.build(f"onnx:{tmp_path / 'red.onnx'}", scene)
    image = walk_in(np.zeros_like(draw_scene()), walking(1), colour=(0, 0, 255), noise=0.0)[0]
    mask = walking(1)[0] > 0
    found = segment(image).astype(bool)
    assert np.count_nonzero(found & mask) / np.count_nonzero(found | mask) > 0.7


@pytest.mark.parametrize(
    ("kind", "module"), [("onnx", "onnxruntime"), ("tflite", "ai_edge_litert.interpreter")]
)
def test_a_missing_or_damaged_model_is_said_in_one_line(tmp_path, scene, kind, module):
    model = tmp_path / "model"
    model.write_bytes(b"no model")
    pytest.importorskip(module)
    with pytest.raises(InputError, match=rf"{model} is no .* model \(.*\): give another") as error:
        segmenters.build(f"{kind}:{model}", scene)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="none is not a file: give the model after"):
        segmenters.build(f"{kind}:none", scene)


def test_an_extra_that_is_not_installed_is_said_in_one_line(tmp_path, scene, monkeypatch):
    model = tmp_path / "model"
    model.touch()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"not installed: pip install 'gait_jax\[onnx\]'"):
        segmenters.build(f"onnx:{model}", scene)


@pytest.mark.parametrize("name", ["foreground", "onnx", "torch:model.pt"])
def test_a_name_that_is_not_known(scene, name):
    with pytest.raises(InputError, match="use one of people, background, onnx:PATH, tflite"):
        segmenters.build(name, scene)


def test_given_masks_come_in_the_order_of_their_names(tmp_path):
    for i in (2, 10, 1):
        mask = np.zeros((6, 8), np.uint8)
        mask[0, :i] = 255
        cv2.imwrite(str(tmp_path / f"mask_{i}.png"), mask)
        (tmp_path / f"._mask_{i}.png").write_bytes(b"of macOS")
    masks = segmenters.GivenMasks(tmp_path, (6, 8), 3)
    assert [int(masks(None).sum()) for _ in range(3)] == [1, 2, 8]


def test_given_masks_must_fit_the_clip(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((6, 8), np.uint8))
    with pytest.raises(InputError, match="holds 1 PNGs, and the clip has 2 frames"):
        segmenters.GivenMasks(tmp_path, (6, 8), 2)
    with pytest.raises(InputError, match="is 8×6, and the clip 9×6"):
        segmenters.GivenMasks(tmp_path, (6, 9), 1)(None)
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be read as a picture"):
        segmenters.GivenMasks(tmp_path, (6, 8), 1)(None)
    with pytest.raises(InputError, match="none is not a folder"):
        segmenters.GivenMasks(tmp_path / "none", (6, 8), 1)
