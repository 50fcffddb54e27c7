import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gait_jax.models import convolution

_DIMENSIONS = ("NHC", "HIO", "NHC")


def _random(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]


def _of_xla(lhs, rhs, stride, padding):
    return lax.conv_general_dilated(lhs, rhs, (stride,), padding, dimension_numbers=_DIMENSIONS)


def _of_blocks(lhs, rhs, stride, padding):
    return convolution.block_convolution(
        lhs, rhs, (stride,), padding, dimension_numbers=_DIMENSIONS
    )


@pytest.mark.parametrize(
    "width, stride, padding",
    [
        (8, 4, ((2, 2),)),
        (4, 2, ((1, 1),)),
        (4, 2, ((0, 3),)),
        (4, 4, ((0, 0),)),
        (3, 1, ((1, 1),)),
        (5, 2, ((2, 1),)),
        (4, 2, ((3, 2),)),
        (4, 2, ((1, 6),)),
        (1, 1, ((0, 0),)),
        (4, 2, "VALID"),
    ],
)
# Of 3 channels: added up, with other gradients, laid out in columns.
@pytest.mark.parametrize("features", [4, 6, 16])
def test_block_convolution_equals_the_one_of_xla_forward_and_backward(
    width, stride, padding, features
):
    # 25 is no multiple of a stride above 1: the last points of the signal belong to no window.
    lhs, rhs = _random((2, 25, 3), (width, 3, features))

    def value_and_gradients(convolve):
        def weighted(lhs, rhs):
            out = convolve(lhs, rhs, stride, padding)
            weights = jnp.cos(jnp.arange(out.size, dtype=jnp.float32)).reshape(out.shape)
            return (out * weights).sum(), out

        return jax.jit(jax.grad(weighted, argnums=(0, 1), has_aux=True))(lhs, rhs)

    (by_lhs, by_rhs), out = value_and_gradients(_of_blocks)
    (expected_by_lhs, expected_by_rhs), expected = value_and_gradients(_of_xla)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(by_lhs, expected_by_lhs, atol=1e-5)
    np.testing.assert_allclose(by_rhs, expected_by_rhs, atol=1e-5)


def test_block_convolution_by_hand():
    # Zero before and after, kernel 1 10 100 1000, step 2:
    # 0 1 2 3 → 10 + 200 + 3000; 2 3 4 0 → 2 + 30 + 400.
    lhs = jnp.array([1.0, 2, 3, 4]).reshape(1, 4, 1)
    rhs = jnp.array([1.0, 10, 100, 1000]).reshape(4, 1, 1)
    np.testing.assert_array_equal(_of_blocks(lhs, rhs, 2, ((1, 1),))[0, :, 0], [3210, 432])


@pytest.mark.parametrize("cyclic", [False, True])
def test_gradients_of_strided_layers_are_matrix_products_on_the_cpu(cyclic):
    if jax.default_backend() != "cpu":
        pytest.skip("other backends use their own convolution")
    layer, signal = convolution.conv(6, 8, 4, cyclic), jnp.zeros((1, 16, 3))
    variables = {"params": {"kernel": jnp.zeros((8, 3, 6)), "bias": jnp.zeros(6)}}
    outputs = lambda variables, signal: layer.apply(variables, signal).sum()  # noqa: E731
    program = str(jax.make_jaxpr(jax.grad(outputs, argnums=(0, 1)))(variables, signal))
    # XLA convolves forward; both gradients are products.
    assert program.count(" conv_general_dilated[") == 1
    assert program.count(" dot_general[") == 2


@pytest.mark.parametrize("width, stride", [(8, 4), (4, 2), (3, 1)])
def test_cyclic_layers_commute_with_rotation_of_the_ring(width, stride):
    ring, kernel, bias = _random((1, 16, 2), (width, 2, 3), (3,))
    layer = convolution.conv(3, width, stride, cyclic=True)
    apply = jax.jit(lambda x: layer.apply({"params": {"kernel": kernel, "bias": bias}}, x))
    out, rotated = apply(ring), apply(jnp.roll(ring, stride, axis=1))
    assert out.shape == (1, 16 // stride, 3)
    np.testing.assert_allclose(rotated, jnp.roll(out, 1, axis=1), atol=1e-5)
    # Not for the reason that all places give the same.
    assert np.abs(rotated - out).max() > 0.1


def test_padded_layers_see_zeros_around_the_signal():
    # Width 4, stride 2: one zero before and one after. With a kernel of ones: 0 + 1 + 2 + 3 and
    # 2 + 3 + 4 + 0.
    layer = convolution.conv(1, 4, 2, cyclic=False)
    variables = {"params": {"kernel": jnp.ones((4, 1, 1)), "bias": jnp.array([0.5])}}
    out = layer.apply(variables, jnp.array([1.0, 2, 3, 4]).reshape(1, 4, 1))
    np.testing.assert_array_equal(out[0, :, 0], [6.5, 9.5])


def test_padded_layers_of_odd_excess_put_the_larger_half_behind():
    # Width 4, stride 1: one zero before and two after.
    layer = convolution.conv(1, 4, 1, cyclic=False)
    variables = {"params": {"kernel": jnp.ones((4, 1, 1)), "bias": jnp.zeros(1)}}
    out = layer.apply(variables, jnp.array([1.0, 2, 3, 4]).reshape(1, 4, 1))
    np.testing.assert_array_equal(out[0, :, 0], [6, 10, 9, 7])


def test_shuffle_up_lays_channels_side_by_side():
    # Two positions of four channels → four positions of two.
    signal = jnp.array([[[1, 2, 3, 4], [5, 6, 7, 8]]])
    expected = [[[1, 2], [3, 4], [5, 6], [7, 8]]]
    np.testing.assert_array_equal(convolution.shuffle_up(signal, 2), expected)
