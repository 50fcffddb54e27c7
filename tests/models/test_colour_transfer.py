import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from gait_jax.models import squares
from gait_jax.models.colour_transfer import ColourTransferNetwork, composed, offsets
from gait_jax.models.convolution import image_conv


def _inputs(count=2, size=16):
    rng = np.random.default_rng(0)
    image = jnp.asarray(rng.random((count, size, size, 3)), jnp.float32)
    mask = jnp.asarray(rng.random((count, size, size)) < 0.5, jnp.float32)
    return image, mask, jnp.asarray(rng.random(image.shape), jnp.float32)


def _network(copy, background=False):
    network = ColourTransferNetwork((4, 8), 6, copy, (2,), background)
    return network, network.init(jax.random.key(0), *_inputs(1))


def test_fold_by_hand():
    # Pixels of a 2×2 square become the channels of one, row by row.
    x = jnp.arange(8.0).reshape(1, 2, 4, 1)
    assert squares.fold(x).tolist() == [[[[0, 1, 4, 5], [2, 3, 6, 7]]]]


def test_unfold_is_the_inverse():
    x = jax.random.normal(jax.random.key(0), (2, 4, 6, 3))
    np.testing.assert_array_equal(squares.unfold(squares.fold(x)), x)


def test_a_stage_of_the_encoder_is_a_strided_convolution():
    x = jax.random.normal(jax.random.key(0), (1, 6, 6, 2))
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    folded = image_conv(3, 2, use_bias=False)
    kernel = jax.random.normal(jax.random.key(1), (4, 4, 2, 3))
    # The kernel's taps, sorted by the square that they fall into.
    sorted_taps = kernel.reshape(2, 2, 2, 2, 2, 3).transpose(0, 2, 1, 3, 4, 5).reshape(2, 2, 8, 3)
    found = folded.apply({"params": {"kernel": sorted_taps}}, squares.fold(padded))
    strided = nn.Conv(3, (4, 4), strides=2, padding="VALID", use_bias=False)
    expected = strided.apply({"params": {"kernel": kernel}}, padded)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_offsets_by_hand():
    assert offsets(()) == [(0, 0)]
    assert offsets((3,)) == [
        (0, 0), (-3, -3), (-3, 0), (-3, 3), (0, -3), (0, 3), (3, -3), (3, 0), (3, 3)
    ]  # fmt: skip


@pytest.mark.parametrize("copy", [True, False])
def test_colours_are_in_range_and_the_printed_form_takes_nothing_over(copy):
    network, params = _network(copy)
    inputs = _inputs()
    paint, shares = network.apply(params, *inputs)
    assert paint.shape == (2, 16, 16, 3)
    assert 0 <= float(paint.min()) and float(paint.max()) <= 1
    # Paint, the same place, and eight places around it.
    assert shares.shape == (2, 16, 16, 10 if copy else 1)
    np.testing.assert_allclose(shares.sum(-1), 1, rtol=1e-5)


def test_composition_by_hand():
    # Half paint (0.4), a quarter of the same place, a quarter of the pixel to the right; beyond the
    # border is black, and so is what lies outside of the mask.
    image = jnp.array([0.8, 0.2, 0.6]).reshape(1, 1, 3, 1).repeat(3, -1)
    shares = jnp.array([0.5, 0.25, 0.25]) * jnp.ones((1, 1, 3, 3))
    mask = jnp.array([[[1.0, 0.0, 1.0]]])
    output = composed(image, mask, jnp.full((1, 1, 3, 3), 0.4), shares, [(0, 0), (0, 1)])
    expected = [0.2 + 0.2 + 0.05, 0.0, 0.2 + 0.15 + 0.0]
    np.testing.assert_allclose(output[0, 0, :, 1], expected, atol=1e-6)


def test_without_copies_the_output_is_the_paint():
    image, mask, _ = _inputs(1)
    paint = 1 - image
    output = composed(image, mask, paint, jnp.ones((1, 16, 16, 1)), [])
    np.testing.assert_allclose(output, paint * mask[..., None])


@pytest.mark.parametrize("copy", [True, False])
def test_both_inputs_reach_the_whole_picture_through_the_fully_connected_layer(copy):
    network, params = _network(copy)
    image, mask, background = _inputs(1)
    paint, _ = network.apply(params, image, mask, background)
    for changed in (
        network.apply(params, image.at[0, 0, 0].add(0.5), mask, background),
        network.apply(params, image, mask.at[0, 0, 0].set(1 - mask[0, 0, 0]), background),
    ):
        # The corner opposite is out of reach of the convolutions alone.
        assert np.abs(np.asarray(changed[0] - paint))[0, -1, -1].max() > 1e-7


def test_what_looks_like_the_scene_is_not_taken_over():
    network, params = _network(copy=True, background=True)
    _, mask, background = _inputs(1)
    # A person of a single column; all around is as the scene without them.
    image = background.at[:, :, 7].set(1 - jnp.round(background[:, :, 7]))
    _, shares = network.apply(params, image, mask, background)
    shares = np.asarray(shares)[0]
    moves = offsets((2,))
    # On the person: the same place. Two columns beside them: what lies on them. Far from them
    # nothing is the person's, so that there is nothing to choose by but the paint.
    same, from_right = 1 + moves.index((0, 0)), 1 + moves.index((0, 2))
    assert (shares[:, 7, same] > 0.9).all()
    assert (shares[2:-2, 5, same] < 0.02).all() and (shares[2:-2, 5, from_right] > 0.1).all()
    assert (shares[:, 12, 0] > 0.8).all()
    # Without knowing the scene it keeps the original wherever it is.
    network, params = _network(copy=True)
    _, shares = network.apply(params, image, mask, background)
    assert (np.asarray(shares)[0, :, :, 1] > 0.8).all()
