import numpy as np
import onnx_networks
import pytest

from gait_jax.runtime.errors import InputError
from gait_jax.video.onnx_network import OnnxNetwork
from gait_jax.video.onnx_onlooker import OnnxOnlooker, probabilities

_MEAN, _DEVIATION = (0.5, 0.25, 0.0), (0.5, 0.25, 1.0)


class _Network:
    """Gives some logits, and remembers what it was given."""

    name = "net.onnx"

    def __init__(self, shape=(1, 3, 4, 8, 8), found=((0.0, 0.0, 0.0, 0.0),)):
        self.shape, self._found, self.given = list(shape), np.array(found, np.float32), []

    def __call__(self, given):
        self.given.append(given)
        return [self._found]


def _clip(frames=4, shade=(255, 0, 51)):
    masks = np.zeros((frames, 30, 40), np.uint8)
    masks[:, 10:20, 15:20] = 1
    return np.full((frames, 30, 40, 3), shade, np.uint8), masks


def test_logits_and_probabilities_are_told_apart():
    assert probabilities(np.zeros(4)).tolist() == [0.25] * 4
    assert probabilities(np.log(np.array([1.0, 3.0])) + 700) == pytest.approx([0.25, 0.75])
    assert probabilities(np.array([0.1, 0.9])).tolist() == [0.1, 0.9]


def test_it_sees_the_person_in_the_networks_form():
    network = _Network()
    score = OnnxOnlooker(network, (1, 3), _MEAN, _DEVIATION, 1.5)(*_clip())
    # Two of four classes, none surer than the others.
    assert score == pytest.approx(0.5)
    (given,) = network.given
    assert given.shape == (1, 3, 4, 8, 8) and given.dtype == np.float32
    for channel, value in enumerate((1.0, -1.0, 0.2)):
        np.testing.assert_allclose(given[0, channel], value, atol=1e-6)
    # Parts of a longer clip, each half over the one before.
    OnnxOnlooker(network, (1,), _MEAN, _DEVIATION, 1.5)(*_clip(7))
    assert len(network.given) == 1 + 3


def test_nobody_walks_where_nobody_is():
    pictures, masks = _clip()
    onlooker = OnnxOnlooker(_Network(), (1,), _MEAN, _DEVIATION, 1.5)
    assert onlooker(pictures, 0 * masks) == 0


@pytest.mark.parametrize(
    ("network", "classes", "message"),
    [
        (_Network(), (), r"net.onnx: name the classes that are walking \(evaluators"),
        (_Network((1, 3, 8, 8)), (1,), r"takes inputs \[1, 3, 8, 8\], no clips"),
        (_Network((1, 3, 4, 8, 9)), (1,), "which are no squares"),
    ],
)
def test_what_cannot_look_on_is_refused(network, classes, message):
    with pytest.raises(InputError, match=message):
        OnnxOnlooker(network, classes, _MEAN, _DEVIATION, 1.5)


def test_a_class_that_is_none_of_its_classes():
    onlooker = OnnxOnlooker(_Network(), (4,), _MEAN, _DEVIATION, 1.5)
    with pytest.raises(InputError, match=r"gives \[1, 4\], and class 4 was asked for"):
        onlooker(*_clip())


def test_an_exported_network_runs(tmp_path):
    path = tmp_path / "net.onnx"
    # Brighter clips are surer: logits are the mean shade times these.
    shape = {"clip": [1, 3, None, None, None]}
    onnx_networks.write(path, shape, [np.array([[0.0, 4.0]])], seen=True)
    onlooker = OnnxOnlooker(OnnxNetwork(path), (1,), (0, 0, 0), (1, 1, 1), 2.0)
    assert "net.onnx" in onlooker.learned_from and "classes 1" in onlooker.learned_from
    dark, bright = (onlooker(*_clip(20, (shade,) * 3)) for shade in (0, 255))
    assert dark == pytest.approx(0.5) and bright == pytest.approx(1 / (1 + np.exp(-4)))
