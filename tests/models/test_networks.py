import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

from gait_jax.models import layout, spline
from gait_jax.models.discriminators import ContourDiscriminator, TemporalDiscriminator
from gait_jax.models.generators import ContourDecoder, GaitGenerator, NoiseGenerator


def _random(*shape, seed=0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape) / 4, jnp.float32)


def _random_params(network, *inputs):
    """Weights for a network without compiling its initialisers."""
    shapes = jax.eval_shape(network.init, jax.random.key(0), *inputs)
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape) / 2, jnp.float32), shapes)


def _count(params) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def test_the_generator_has_two_encoders_and_one_decoder():
    gait, noise = jnp.zeros((1, 2, 16, 2)), jnp.zeros((1, 16, 2))
    generator = GaitGenerator(widths=(2, 3), code=2, hidden=4, points=16, cyclic=False)
    variables = jax.eval_shape(
        generator.init,
        jax.random.key(0),
        *(gait, jnp.ones((1, 2, 16)), noise, jnp.ones((1, 16))),
    )
    params = variables["params"]
    assert set(params) == {"gait_encoder", "noise_encoder", "decoder"}
    # Convolutions 8·3·2 + 2, 4·2·3 + 3 and 1·3·2 + 2, then 2 positions of 2 channels into 4 units.
    assert _count(params["gait_encoder"]) == 50 + 27 + 8 + (4 * 4 + 4)
    assert _count(params["noise_encoder"]) == _count(params["gait_encoder"])
    # 4 units into 2 positions of 2 channels; convolutions of width 3: 2 → 3, 3 → 2·2 shuffled up to
    # 2, and 2 → x and y.
    assert _count(params["decoder"]) == (4 * 4 + 4) + 21 + 40 + 14


@pytest.mark.parametrize(
    "points, cyclic, hidden",
    [(2000, False, 256), (2000, False, 0), (512, True, 256), (512, True, 0)],
)
def test_generated_gaits_have_the_size_of_the_original(points, cyclic, hidden):
    generator = GaitGenerator((32, 64, 128), 32, hidden, points, cyclic)
    gait, noise = jnp.zeros((2, 3, points, 2)), jnp.zeros((2, points, 2))
    out, variables = jax.eval_shape(
        generator.init_with_output,
        jax.random.key(0),
        *(gait, jnp.ones((2, 3, points)), noise, jnp.ones((2, points))),
    )
    assert out.shape == (2, 3, points, 2)
    # What is left after steps of 4, 2 and 2 goes through the bottleneck.
    dense = variables["params"]["gait_encoder"].get("Dense_0")
    assert (dense and dense["kernel"].shape) == ((points // 16 * 32, hidden) if hidden else None)


@pytest.mark.parametrize("points, stride", [(2000, 20), (512, 8)])
def test_noise_contours_have_the_size_that_was_asked_for(points, stride):
    out, variables = jax.eval_shape(
        NoiseGenerator((8,), points, stride).init_with_output, jax.random.key(0), jnp.zeros((3, 5))
    )
    assert out.shape == (3, points, 2)
    # x and y of 2000 / 20 = 100 and 512 / 8 = 64 control points.
    assert variables["params"]["Dense_1"]["bias"].shape == (2 * points // stride,)


def test_noise_contours_are_closed_splines_of_what_the_last_layer_gives():
    # With zero weights only the last bias is left: the control points themselves.
    generator = NoiseGenerator((3,), points=32, stride=4)
    variables = jax.eval_shape(generator.init, jax.random.key(0), jnp.zeros((1, 5)))
    params = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), variables)
    control = _random(1, 8, 2)
    params["params"]["Dense_1"]["bias"] = control.ravel()
    contours = generator.apply(params, _random(2, 5))
    expected = jnp.repeat(spline.curve(control, 4, cyclic=True), 2, axis=0)
    np.testing.assert_allclose(contours, expected, atol=1e-6)


def _generate(cyclic, hidden, points=32):
    """A compiled generator of random weights, a gait [2, 3, P, 2] and a noise contour [2, P, 2]."""
    generator = GaitGenerator((8, 8), 8, hidden, points, cyclic)
    gait, noise = _random(2, 3, points, 2), _random(2, points, 2, seed=1)
    masks = jnp.ones(gait.shape[:3]), jnp.ones(noise.shape[:2])
    params = _random_params(generator, gait, masks[0], noise, masks[1])
    return (
        jax.jit(lambda gait, noise: generator.apply(params, gait, masks[0], noise, masks[1])),
        gait,
        noise,
    )


def _last_layer_gives(bias):
    """A decoder of 8 points on no curve, whose last convolution gives its bias everywhere."""
    decoder = ContourDecoder(widths=(2, 3), code=2, points=16, cyclic=False, curve=False)
    code = jnp.ones((1, 4))
    params = _random_params(decoder, code)
    (last,) = [leaf for leaf in params["params"] if leaf == "Conv_2"]
    params["params"][last] = {
        "kernel": jnp.zeros_like(params["params"][last]["kernel"]),
        "bias": jnp.asarray(bias, jnp.float32),
    }
    return decoder.apply(params, code)


def test_without_a_curve_the_last_layer_gives_the_points_themselves():
    # Four positions of four points each: nothing smooths the steps between them.
    points = _last_layer_gives([0, 1, 2, 3, 4, 5, 6, 7])
    once = [[0, 1], [2, 3], [4, 5], [6, 7]]
    np.testing.assert_array_equal(points, [once * 4])


def test_noise_on_no_curve_is_what_the_last_layer_gives():
    network = NoiseGenerator((4,), points=8, stride=0)
    params = _random_params(network, jnp.zeros((1, 3)))
    params["params"]["Dense_1"]["kernel"] *= 0
    params["params"]["Dense_1"]["bias"] = jnp.arange(16.0)
    np.testing.assert_array_equal(
        network.apply(params, jnp.ones((1, 3))), np.arange(16.0).reshape(1, 8, 2)
    )


def test_a_generated_frame_depends_on_its_own_frame_and_on_the_noise_of_its_sequence():
    apply, gait, noise = _generate(cyclic=False, hidden=8)
    out = apply(gait, noise)
    other = apply(gait.at[0, 1].add(1), noise)
    same = [[True, False, True], [True, True, True]]
    np.testing.assert_array_equal((np.abs(other - out) < 1e-5).all((2, 3)), same)
    other = apply(gait, noise.at[1].add(1))
    same = [[True, True, True], [False, False, False]]
    np.testing.assert_array_equal((np.abs(other - out) < 1e-5).all((2, 3)), same)


def test_a_local_cyclic_generator_turns_with_the_ring():
    # Steps of 4 and 2 at the encoder: a turn by 8 of the 32 points is one place of the code.
    apply, gait, noise = _generate(cyclic=True, hidden=0)
    out = apply(gait, noise)
    turned = apply(jnp.roll(gait, 8, axis=2), jnp.roll(noise, 8, axis=1))
    np.testing.assert_allclose(turned, jnp.roll(out, 8, axis=2), atol=1e-4)
    assert np.abs(turned - out).max() > 0.01


# Room of padded contours, and the points of the longest of them.
_POINTS, _LONGEST = 336, 37


def _padded(counts, seed=0):
    """Padded contours [..., P, 2] of so many points [...], and their mask."""
    mask = layout.valid_mask(jnp.array(counts), _POINTS)
    return _random(*mask.shape, 2, seed=seed) * mask[..., None], mask


def _work_without_padding(run, params, contours, rooms=(_LONGEST, 40, _POINTS - 1)) -> float:
    """Holds what comes of contours that are cut off against what comes of whole ones.

    Args:
      run: (parameters, contours, how many points are given) → numbers, the same whatever is given.
      params: of the network.
      contours: [..., P, 2].
      rooms: how many points to give.

    Returns:
      The least work, with gradients, as a share of that with all points.
    """

    def weighed(params, contours, room):
        out = run(params, contours, room)
        return (out * _random(*out.shape, seed=5)).sum(), out

    gradients = jax.jit(jax.value_and_grad(weighed, argnums=(0, 1), has_aux=True), static_argnums=2)

    def everything(room):
        (_, out), (by_params, by_contours) = gradients(params, contours, room)
        flops = gradients.lower(params, contours, room).cost_analysis()["flops"]
        return flops, (out, by_params, by_contours[..., :_LONGEST, :])

    work, right = everything(_POINTS)
    assert all(np.abs(leaf).max() > 1e-3 for leaf in jax.tree.leaves(right[::2]))
    least = work
    for room in rooms:
        spent, found = everything(room)
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5 * max(np.abs(other).max(), 1))
        least = min(least, spent)
    return least / work


@pytest.mark.parametrize("widths", [(3,), (3, 4, 5)])
@pytest.mark.parametrize(("hidden", "curve"), [(6, True), (0, True), (6, False)])
def test_a_gait_comes_out_the_same_without_its_padding(widths, hidden, curve):
    generator = GaitGenerator(widths, 2, hidden, _POINTS, cyclic=False, curve=curve)
    gait, mask = _padded([[30, _LONGEST], [9, 21]])
    noise, noise_mask = _padded([33, 15], seed=1)
    params = _random_params(generator, gait, mask, noise, noise_mask)

    def run(params, gait, room):
        given = (gait[:, :, :room], mask[:, :, :room], noise[:, :room], noise_mask[:, :room])
        return (generator.apply(params, *given) * given[1][..., None])[:, :, :_LONGEST]

    assert _work_without_padding(run, params, gait) < 0.6


# 84 runs are halved to 21; of 21 none can be left out.
@pytest.mark.parametrize(("pool", "left"), [(1, 0.5), (4, 0.95), (16, 1)])
def test_a_contour_is_judged_the_same_without_its_padding(pool, left):
    discriminator = ContourDiscriminator((3, 4, 5), 6, _POINTS, pool, cyclic=False)
    contours, mask = _padded([30, _LONGEST, 9])
    params = _random_params(discriminator, contours, mask)

    def run(params, contours, room):
        return discriminator.apply(params, contours[:, :room], mask[:, :room])

    assert _work_without_padding(run, params, contours) <= left


def test_a_sequence_is_judged_the_same_without_its_padding():
    discriminator = TemporalDiscriminator(3, 4, _POINTS, pool=4)
    contours, mask = _padded([[30, _LONGEST], [9, 21]])
    params = _random_params(discriminator, contours, mask)

    def run(params, contours, room):
        return discriminator.apply(params, contours[:, :, :room], mask[:, :, :room])

    assert _work_without_padding(run, params, contours) < 0.5


def test_the_contour_discriminator_ignores_what_stands_beyond_the_mask():
    contours, mask = _random(3, 20, 2), layout.valid_mask(jnp.array([20, 13, 5]), 20)
    discriminator = ContourDiscriminator((3, 4), hidden=4, points=20, pool=2, cyclic=False)
    params = _random_params(discriminator, contours, mask)
    apply = jax.jit(discriminator.apply)
    logits = apply(params, contours, mask)
    assert logits.shape == (3,)
    beyond = jnp.where(mask[..., None] > 0, contours, 77.0)
    np.testing.assert_allclose(apply(params, beyond, mask), logits, atol=1e-6)
    # The points within do matter.
    assert (np.abs(apply(params, contours.at[:, 4].add(1), mask) - logits) > 1e-4).all()


def test_the_contour_discriminator_tells_a_zero_point_from_no_point():
    # 12 and 6 are whole runs of two: their means are the same with and without the mask.
    mask = layout.valid_mask(jnp.array([20, 12, 6]), 20)
    contours = _random(3, 20, 2) * mask[..., None]
    discriminator = ContourDiscriminator((3, 4), hidden=4, points=20, pool=2, cyclic=False)
    params = _random_params(discriminator, contours, mask)
    apply = jax.jit(discriminator.apply)
    changed = np.abs(apply(params, contours, jnp.ones_like(mask)) - apply(params, contours, mask))
    assert (changed > 1e-4).tolist() == [False, True, True]


def test_the_contour_discriminator_sees_each_frame_alone():
    contours, mask = _random(2, 20, 2), jnp.ones((2, 20))
    discriminator = ContourDiscriminator((3, 4), hidden=4, points=20, pool=2, cyclic=True)
    params = _random_params(discriminator, contours, mask)
    apply = jax.jit(discriminator.apply)
    logits = apply(params, contours, mask)
    np.testing.assert_allclose(apply(params, contours[::-1], mask), logits[::-1], atol=1e-6)
    assert abs(logits[0] - logits[1]) > 1e-4


def test_the_temporal_discriminator_depends_on_the_order_of_frames():
    contours, mask = _random(2, 4, 12, 2), jnp.ones((2, 4, 12)).at[:, :, 9:].set(0)
    discriminator = TemporalDiscriminator(embedding=3, lstm=4, points=12, pool=2)
    params = _random_params(discriminator, contours, mask)
    # All of the LSTM's four outputs of four units go into the logit.
    assert params["params"]["Dense_1"]["kernel"].shape == (4 * 4, 1)
    apply = jax.jit(discriminator.apply)
    logits = apply(params, contours, mask)
    assert logits.shape == (2,)
    assert (np.abs(apply(params, contours[:, ::-1], mask) - logits) > 1e-4).all()
    # Sequences of a batch do not mix, and what stands beyond the mask is not seen.
    other = apply(params, contours.at[1].add(1), mask)
    np.testing.assert_allclose(other[0], logits[0], atol=1e-6)
    assert abs(other[1] - logits[1]) > 1e-4
    beyond = jnp.where(mask[..., None] > 0, contours, 77.0)
    np.testing.assert_allclose(apply(params, beyond, mask), logits, atol=1e-6)


def _inputs_of_last_products(network, *inputs):
    """The types that the last product with weights takes, when it is traced."""
    shapes = jax.eval_shape(network.init, jax.random.key(0), *inputs)
    traced = jax.make_jaxpr(network.apply)(shapes, *inputs)
    found = []

    def look(jaxpr):
        for equation in jaxpr.eqns:
            for inner in jax.extend.core.jaxprs_in_params(equation.params):
                look(inner)
            if equation.primitive.name in ("dot_general", "conv_general_dilated"):
                found.append({str(v.aval.dtype) for v in equation.invars})

    look(traced.jaxpr)
    return found


@pytest.mark.parametrize(
    ("network", "shapes", "products"),
    [
        # Behind the control points stands the product with the spline's weights.
        (GaitGenerator((2, 3), 2, 4, 16, True, jnp.bfloat16), [(1, 2, 16, 2), (1, 2, 16),
                                                              (1, 16, 2), (1, 16)], 2),
        (NoiseGenerator((4,), 16, 2, jnp.bfloat16), [(2, 4)], 2),
        (ContourDiscriminator((2, 3), 4, 16, 1, True, jnp.bfloat16), [(2, 16, 2), (2, 16)], 1),
        (TemporalDiscriminator(4, 4, 16, 1, jnp.bfloat16), [(2, 3, 16, 2), (2, 3, 16)], 1),
    ],
)  # fmt: skip
def test_what_makes_control_points_and_logits_is_not_rounded(network, shapes, products):
    found = _inputs_of_last_products(network, *(jnp.ones(shape) for shape in shapes))
    assert found[-products:] == [{"float32"}] * products
    assert {"bfloat16"} in found[:-products]
