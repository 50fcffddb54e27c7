import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gait_jax.models import silhouettes
from gait_jax.models.gaitbase import GaitBase
from gait_jax.models.gaitpart import GaitPart, MicroMotion, by_strips
from gait_jax.models.gaitset import GaitSet

_SETS = {
    "gaitset": GaitSet((2, 3, 4), (4, 1), 5),
    "gaitbase": GaitBase((2, 3, 4, 5), (1, 2, 2, 1), (4,), 5),
}
_NETWORKS = _SETS | {"gaitpart": GaitPart((2, 3, 4), (1, 2, 4), (4,), 5)}


def test_pooling_leaves_out_an_odd_last_column():
    image = jnp.arange(12.0).reshape(1, 4, 3, 1)
    assert silhouettes.pool(image)[0, :, :, 0].tolist() == [[4], [10]]


def test_a_set_is_the_largest_of_its_frames():
    features = jnp.array([[1.0, -9.0], [-2.0, -3.0], [5.0, 5.0], [-4.0, 0.0]])
    valid = silhouettes.valid_frames(jnp.array([2, 1]), 2)
    assert valid.tolist() == [[True, True], [True, False]]
    assert silhouettes.set_max(features, valid).tolist() == [[1, -3], [5, 5]]


def test_the_pyramid_by_hand():
    # Four rows of two pixels, one channel: mean plus maximum of the whole, halves and quarters.
    image = jnp.array([[0.0, 2.0], [4.0, 6.0], [1.0, 1.0], [0.0, 8.0]])[None, ..., None]
    found = silhouettes.pyramid(image, (1, 2, 4))[0, :, 0]
    halves = [3 + 6, 2.5 + 8]
    quarters = [1 + 2, 5 + 6, 1 + 1, 4 + 8]
    assert found.tolist() == [22 / 8 + 8, *halves, *quarters]


def test_each_part_has_a_matrix_of_its_own():
    layer = silhouettes.PartDense(3)
    params = layer.init(jax.random.key(0), jnp.zeros((1, 2, 4)))
    kernel = params["params"]["kernel"]
    assert kernel.shape == (2, 4, 3)
    # Xavier's bound for 4 inputs and 3 outputs.
    assert 0.5 < jnp.abs(kernel).max() <= np.sqrt(6 / 7)
    x = jax.random.normal(jax.random.key(1), (5, 2, 4))
    found = layer.apply(params, x)
    np.testing.assert_allclose(found[:, 1], x[:, 1] @ kernel[1], rtol=1e-5)


def test_the_neck_gives_cosines():
    neck = silhouettes.PartNeck(3)
    points = jax.random.normal(jax.random.key(0), (6, 2, 4)) * 9 + 5
    variables = neck.init(jax.random.key(1), points, train=False)
    cosines, changed = neck.apply(variables, points, train=True, mutable=["batch_stats"])
    assert cosines.shape == (6, 2, 3) and jnp.abs(cosines).max() <= 1
    normed = (points - points.mean(0)) / points.std(0)
    kernel = variables["params"]["kernel"][0, :, 2]
    expected = normed[3, 0] @ kernel / jnp.linalg.norm(normed[3, 0]) / jnp.linalg.norm(kernel)
    np.testing.assert_allclose(cosines[3, 0, 2], expected, rtol=1e-3)
    # A tenth of the way to the batch's own mean.
    (averages,) = changed["batch_stats"].values()
    np.testing.assert_allclose(averages["mean"], points.reshape(6, 8).mean(0) / 10, rtol=1e-4)


def _images(frames, seed=0):
    return jax.random.uniform(jax.random.key(seed), (2, frames, 16, 11))


@pytest.fixture(scope="module", params=_NETWORKS)
def network(request):
    """(name, function of silhouettes and lengths)."""
    module = _NETWORKS[request.param]
    variables = module.init(jax.random.key(0), _images(3), jnp.full(2, 3), train=False)
    apply = jax.jit(lambda x, n: module.apply(variables, x, jnp.asarray(n), train=False))
    return request.param, apply


def test_what_is_beyond_a_sequences_end_changes_nothing(network):
    _, apply = network
    images = _images(7)
    filled = apply(images.at[0, 4:].set(0.3), [4, 7])
    np.testing.assert_allclose(filled[0], apply(images[:, :4], [4, 4])[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(filled[1], apply(images, [7, 7])[1], rtol=1e-4, atol=1e-6)


def test_only_sets_do_without_the_order_of_frames(network):
    name, apply = network
    images = _images(6)
    one, other = (apply(x, [6, 6]) for x in (images, images[:, jnp.array([3, 0, 5, 1, 4, 2])]))
    assert np.allclose(one, other, rtol=1e-4, atol=1e-6) is (name in _SETS)


@pytest.mark.parametrize(
    ("module", "parts", "numbers"),
    [
        (GaitSet((32, 64, 128), (16, 8, 4, 2, 1), 256), 62, 256),
        (GaitBase((64, 128, 256, 512), (1, 2, 2, 1), (16,), 256), 16, 256),
        (GaitPart((32, 64, 128), (1, 4, 8), (16,), 128), 16, 128),
    ],
)
def test_the_published_networks_have_their_parts(module, parts, numbers):
    images, lengths = jnp.zeros((2, 3, 64, 44)), jnp.full(2, 3)

    def embed(key):
        variables = module.init(key, images, lengths, train=False)
        return module.apply(variables, images, lengths, train=False)

    assert jax.eval_shape(embed, jax.random.key(0)).shape == (2, parts, numbers)


def test_focal_convolutions_do_not_look_beyond_their_strip():
    layer = silhouettes.conv(1, 3)
    images = jnp.zeros((1, 4, 3, 1)).at[0, 1, 1].set(1)
    ones = {"params": {"kernel": jnp.ones((3, 3, 1, 1))}}
    found = {
        strips: by_strips(lambda x: layer.apply(ones, x), images, strips)[0, :, 1, 0].tolist()
        for strips in (1, 2, 4)
    }
    assert found == {1: [1, 1, 1, 0], 2: [1, 1, 0, 0], 4: [0, 1, 0, 0]}


def test_micro_motions_by_hand():
    # One part whose weights are all 0, so that each template counts a half: mean plus maximum of
    # 3 and of 5 frames, 0 beyond the ends for the mean; then the largest moment.
    parts = jnp.array([3.0, 0.0, 6.0, 0.0, 0.0]).reshape(1, 5, 1, 1).repeat(4, axis=-1)
    valid = jnp.array([[True, True, True, True, False]])
    module = MicroMotion()
    zeros = jax.tree.map(jnp.zeros_like, module.init(jax.random.key(0), parts, valid))
    threes = np.array([1, 3, 2, 2]) + np.array([3, 6, 6, 6])
    fives = np.array([9, 9, 9, 6]) / 5 + 6
    expected = ((threes + fives) / 2).max()
    np.testing.assert_allclose(module.apply(zeros, parts, valid)[0, 0], expected, rtol=1e-6)


def test_a_maximum_has_its_gradient_where_the_largest_stands_first():
    x = jnp.array([[1.0, 3.0, 3.0, 2.0], [-5.0, -6.0, -7.0, -5.5]])
    assert silhouettes.largest(x, 1).tolist() == [3, -5]
    gradient = jax.grad(lambda x: silhouettes.largest(x, -1) @ jnp.array([2.0, 7.0]))(x)
    assert gradient.tolist() == [[0, 2, 0, 0], [7, 0, 0, 0]]


def test_gradients_are_the_same_however_they_are_compiled():
    # Where a maximum is computed anew for the gradient, it may be rounded otherwise: of the three
    # networks this one has arithmetic before its maximum over time.
    module, images, lengths = _NETWORKS["gaitpart"], _images(4), jnp.full(2, 4)
    variables = jax.jit(lambda k: module.init(k, images, lengths, train=False))(jax.random.key(0))

    def loss(variables):
        return jnp.sin(module.apply(variables, images, lengths, train=False)).sum()

    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-4),
        jax.jit(jax.grad(loss))(variables),
        jax.grad(loss)(variables),
    )
