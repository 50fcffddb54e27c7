import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gait_jax.models.convolution import tap_convolution
from gait_jax.models.verification import (
    LocalBottom,
    MiddleTop,
    local_response_normalization,
    max_pool,
)


@pytest.mark.parametrize(
    "shape, kernel", [((2, 9, 11, 3), (7, 7, 3, 4)), ((1, 5, 5, 1), (3, 2, 1, 2))]
)
def test_tap_convolution_is_xlas(shape, kernel):
    rng = np.random.default_rng(0)
    x, k = (jnp.asarray(rng.normal(size=s), jnp.float32) for s in (shape, kernel))

    def xla(x, k):
        return jax.lax.conv_general_dilated(
            x, k, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def tap(x, k):
        return tap_convolution(x, k, (1, 1), "VALID")

    np.testing.assert_allclose(tap(x, k), xla(x, k), rtol=1e-4, atol=1e-4)
    for argument in (0, 1):
        grads = [jax.grad(lambda *a: jnp.sin(f(*a)).sum(), argument)(x, k) for f in (tap, xla)]  # noqa: B023
        np.testing.assert_allclose(*grads, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "changes", [{"window_strides": (2, 2)}, {"padding": "SAME"}, {"rhs_dilation": (2, 2)}]
)
def test_tap_convolution_refuses_what_it_does_not_know(changes):
    arguments = {"window_strides": (1, 1), "padding": "VALID"} | changes
    with pytest.raises(ValueError, match="stride 1"):
        tap_convolution(jnp.zeros((1, 9, 9, 1)), jnp.zeros((3, 3, 1, 1)), **arguments)


def test_local_response_normalization_by_hand():
    x = jnp.array([1.0, 2.0, 3.0, 4.0])
    # Depth 3: sums of squares 1 + 4, 1 + 4 + 9, 4 + 9 + 16, 9 + 16; bias 2, alpha 3 / 3.
    expected = [1 / 7**0.75, 2 / 16**0.75, 3 / 31**0.75, 4 / 27**0.75]
    found = local_response_normalization(x, depth=3, bias=2.0, alpha=3.0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    # Of the first: d (x₁ / s^¾) / d x = 1 / s^¾ - ¾ x₁ · 2 x / s^(7/4), and nothing from afar.
    by_first = jax.grad(lambda x: local_response_normalization(x, 3, 2.0, 3.0)[0])(x)
    expected = [1 / 7**0.75 - 1.5 / 7**1.75, -3 / 7**1.75, 0, 0]
    np.testing.assert_allclose(by_first, expected, rtol=1e-5, atol=1e-7)


def test_what_is_divided_by_as_in_the_published_networks():
    # Of one channel: x / (2 + 1e-4 / 5 · x²)^0.75.
    found = local_response_normalization(jnp.array([[100.0]]))
    np.testing.assert_allclose(found, [[100 / 2.2**0.75]], rtol=1e-6)


@pytest.mark.parametrize("network", [LocalBottom, MiddleTop])
def test_both_pooled_layers_are_normalised(network):
    # Where a network divides by the strength of its responses, a thousand times the kernel is not a
    # thousand times the response, behind the first layer nor behind the second.
    images = 1000 * jax.random.uniform(jax.random.key(1), (2, 50, 50))
    pairs = jnp.array([[0, 1]])
    found = network(0.0)
    params = found.init(jax.random.key(0), images, pairs)
    for layer in ("conv1", "conv2"):
        larger = jax.tree.map(lambda x: x, params)
        larger["params"][layer] = jax.tree.map(lambda x: 1e3 * x, params["params"][layer])
        before, after = (found.apply(p, images, pairs) for p in (params, larger))
        assert not np.allclose(after, 1e3 * before, rtol=0.1), layer


@pytest.mark.parametrize("network", [LocalBottom, MiddleTop])
def test_initial_kernels_are_gaussian_of_the_published_spread(network):
    images, pairs = jnp.zeros((2, 50, 50)), jnp.zeros((1, 2), jnp.int32)
    for spread, expected in ((0.01, 0.01), (0.0, None)):
        params = network(0.5, jnp.float32, spread).init(jax.random.key(0), images, pairs)
        leaves = jax.tree_util.tree_leaves_with_path(params)
        for path, kernel in leaves:
            if kernel.ndim == 1:
                assert not kernel.any()
            elif expected:
                assert kernel.std() == pytest.approx(expected, rel=0.1), path
            else:
                # LeCun: by the number of inputs.
                inputs = kernel.size / kernel.shape[-1]
                assert kernel.std() == pytest.approx(inputs**-0.5, rel=0.1), path


def test_max_pool_by_hand_drops_an_odd_row_and_column():
    x = jnp.arange(15.0).reshape(1, 3, 5, 1)
    np.testing.assert_array_equal(max_pool(x)[0, :, :, 0], [[6, 8]])


@pytest.fixture(scope="module", params=[LocalBottom, MiddleTop])
def network(request):
    network = request.param(dropout=0.5)
    images = jax.random.uniform(jax.random.key(1), (4, 50, 50))
    return network, network.init(jax.random.key(0), images, jnp.zeros((1, 2), jnp.int32)), images


def test_a_pair_is_judged_by_its_own_two_images(network):
    network, params, images = network
    pairs = jnp.array([[0, 1], [2, 3], [1, 0], [0, 1]])
    logits = network.apply(params, images, pairs)
    assert logits.shape == (4, 2)
    np.testing.assert_allclose(logits[0], logits[3], rtol=1e-5)
    assert not np.allclose(logits[0], logits[2])
    alone = network.apply(params, images[2:], jnp.array([[0, 1]]))
    np.testing.assert_allclose(logits[1], alone[0], rtol=1e-4, atol=1e-5)


def test_the_joined_layer_is_one_convolution_over_both_images_channels(network):
    network, params, images = network
    halves = params["params"][network.joined]
    left, right = network.apply(params, images, method="embed")
    if network.joined == "conv1":
        inside = images[..., None]
    else:
        first, second = params["params"]["conv1"], params["params"]["conv2"]

        def layer(x, p):
            conv = jax.lax.conv_general_dilated(
                x, p["kernel"], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            return jax.nn.relu(max_pool(local_response_normalization(conv + p["bias"])))

        inside = layer(layer(images[..., None], first), second)
    both = jnp.concatenate([inside[:1], inside[1:2]], axis=-1)
    kernel = jnp.concatenate([halves["left"]["kernel"], halves["right"]["kernel"]], axis=2)
    joined = jax.lax.conv_general_dilated(
        both, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    np.testing.assert_allclose(
        left[0] + right[1], joined[0] + halves["right"]["bias"], rtol=1e-3, atol=1e-4
    )


def test_sizes_of_the_published_networks():
    images = jax.ShapeDtypeStruct((2, 126, 126), jnp.float32)
    pairs = jax.ShapeDtypeStruct((1, 2), jnp.int32)
    for network, joined in ((LocalBottom(), (120, 120, 16)), (MiddleTop(), (21, 21, 256))):
        params = jax.eval_shape(network.init, jax.random.key(0), images, pairs)
        halves = jax.eval_shape(lambda p, i: network.apply(p, i, method="embed"), params, images)  # noqa: B023
        assert halves[0].shape == halves[1].shape == (2, *joined)
        # 126 → 120 → 60 → 54 → 27 → 21.
        assert params["params"]["output"]["kernel"].shape == (21 * 21 * 256, 2)


def test_dropout_draws_in_training_only(network):
    network, params, images = network
    pairs = jnp.array([[0, 1]])
    judge = lambda seed: network.apply(  # noqa: E731
        params, images, pairs, True, rngs={"dropout": jax.random.key(seed)}
    )
    assert not np.allclose(judge(0), judge(1))
    np.testing.assert_array_equal(judge(0), judge(0))
