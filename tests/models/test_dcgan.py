import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gait_jax.models.dcgan import PictureDiscriminator, PictureGenerator
from gait_jax.models.dcgan_colour import DenseColouriser


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_g_draws_pictures_of_the_size_that_it_is_shown(dtype):
    generator = PictureGenerator((4, 8), 6, dtype)
    pictures, noise = jax.random.uniform(jax.random.key(0), (3, 16, 12)), jnp.ones((3, 5))
    params = jax.jit(generator.init)(jax.random.key(1), pictures[:1], noise[:1])
    drawn = generator.apply(params, pictures, noise)
    assert drawn.shape == (3, 16, 12) and drawn.dtype == jnp.float32
    # Each picture by itself: no other one of the batch changes it.
    alone = generator.apply(params, pictures[1:2], noise[1:2])
    np.testing.assert_allclose(alone[0], drawn[1], atol=1e-5 if dtype == jnp.float32 else 0.1)
    # The noise reaches what is drawn.
    other = generator.apply(params, pictures, -noise)
    assert float(jnp.abs(other - drawn).max()) > 1e-3


def test_d_gives_a_number_for_each_picture():
    discriminator = PictureDiscriminator((4, 8))
    pictures = jax.random.uniform(jax.random.key(0), (3, 16, 12))
    params = jax.jit(discriminator.init)(jax.random.key(1), pictures)
    logits = discriminator.apply(params, pictures)
    assert logits.shape == (3,) and logits.dtype == jnp.float32
    assert len(np.unique(logits)) == 3


def test_the_colouriser_sees_nothing_beyond_the_original():
    network = DenseColouriser((4, 8), 6)
    rng = np.random.default_rng(0)
    image = jnp.asarray(rng.random((2, 16, 16, 3)), jnp.float32)
    original, mask = (jnp.asarray(rng.random((2, 16, 16)) < 0.5, jnp.float32) for _ in range(2))
    params = jax.jit(network.init)(jax.random.key(0), image[:1], original[:1], mask[:1])
    found = network.apply(params, image, original, mask)
    assert found.shape == (2, 16, 16, 3) and 0 <= float(found.min()) <= float(found.max()) <= 1
    # The mask at the start: the wall may have any colour.
    wall = jnp.where(original[..., None] > 0, image, 1 - image)
    np.testing.assert_array_equal(network.apply(params, wall, original, mask), found)
    assert (network.apply(params, image, original, 1 - mask) != found).any()
    # Fully connected first: its layer has a weight for each number of the input.
    assert params["params"]["Dense_0"]["kernel"].shape == (16 * 16 * 4, 6)
