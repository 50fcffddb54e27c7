import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from gait_jax.models.places import FromPlaces, ToPlaces, extended


def _random(*shape, seed=0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def _as_dense(layer, features, inputs, *arguments):
    """A layer's parameters, after it was seen that they begin as those of `nn.Dense`."""

    class Net(nn.Module):
        layer: nn.Module

        @nn.compact
        def __call__(self, *arguments):
            return self.layer(*arguments)

    key = jax.random.key(3)
    params = Net(layer).init(key, *arguments)["params"]["layer"]
    dense = Net(nn.Dense(features)).init(key, jnp.ones((1, inputs)))["params"]["layer"]
    jax.tree.map(np.testing.assert_array_equal, params, dense)
    bias = _random(*params["bias"].shape, seed=7)
    return {"params": {"kernel": params["kernel"], "bias": bias}}


def test_extended_puts_zeros_after_a_signal():
    np.testing.assert_array_equal(extended(jnp.array([[1, 2]]), 4), [[1, 2, 0, 0]])
    assert extended(jnp.ones((2, 3, 4)), 3).shape == (2, 3, 4)


def test_from_places_is_a_dense_layer_over_a_place_that_comes_again_and_again():
    signal, layer = _random(4, 3, 3), FromPlaces(6, places=5)
    params = _as_dense(layer, 6, 15, signal, 1)
    whole = signal[:, jnp.array([0, 1, 1, 1, 2])]
    right = nn.Dense(6).apply(params, whole.reshape(4, 15))
    np.testing.assert_allclose(layer.apply(params, signal, 1), right, atol=1e-5)


@pytest.mark.parametrize("repeated", [None, 1, 5])
def test_from_places_of_all_places_is_a_dense_layer(repeated):
    signal, layer = _random(4, 5, 3), FromPlaces(6, places=5)
    params = _as_dense(layer, 6, 15, signal, repeated)
    right = nn.Dense(6).apply(params, signal.reshape(4, 15))
    np.testing.assert_allclose(layer.apply(params, signal, repeated), right, atol=1e-5)


def test_from_places_takes_what_is_not_given_for_zero():
    signal, layer = _random(4, 2, 3), FromPlaces(6, places=5)
    params = _as_dense(layer, 6, 15, signal)
    right = nn.Dense(6).apply(params, extended(signal, 5).reshape(4, 15))
    np.testing.assert_allclose(layer.apply(params, signal), right, atol=1e-5)


@pytest.mark.parametrize("first", [2, 5])
def test_to_places_is_the_beginning_of_what_a_dense_layer_gives(first):
    code, layer = _random(4, 7), ToPlaces(3, places=5)
    params = _as_dense(layer, 15, 7, code, first)
    right = nn.Dense(15).apply(params, code).reshape(4, 5, 3)[:, :first]
    np.testing.assert_allclose(layer.apply(params, code, first), right, atol=1e-5)
