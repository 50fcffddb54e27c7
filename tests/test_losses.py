import math

import jax
import jax.numpy as jnp
import pytest

from gait_jax import losses

# σ(ln 3) = 3/4 and σ(-ln 3) = 1/4.
_LN3 = math.log(3)


def test_discriminator_that_knows_nothing():
    # Eq 2 with D = 1/2 everywhere: log 2 + log 2.
    loss = losses.discriminator(jnp.zeros(3), jnp.zeros(3))
    assert loss == pytest.approx(2 * math.log(2), rel=1e-6)


def test_discriminator_by_hand():
    # Real: D = 3/4 and 1/2; fake: D = 1/4. -(log 3/4 + log 1/2) / 2 - log(1 - 1/4).
    loss = losses.discriminator(jnp.array([_LN3, 0.0]), jnp.array([-_LN3]))
    expected = -(math.log(3 / 4) + math.log(1 / 2)) / 2 - math.log(3 / 4)
    assert loss == pytest.approx(expected, rel=1e-6)


def test_discriminator_tells_real_from_fake():
    # D = 3/4 on fakes: -log(1 - 3/4) = log 4, and log 2 for the real ones.
    loss = losses.discriminator(jnp.zeros(1), jnp.full(1, _LN3))
    assert loss == pytest.approx(math.log(4) + math.log(2), rel=1e-6)


@pytest.mark.parametrize(
    "saturating, expected",
    [
        # Eqs 4 and 5 as printed: (log(1 - 3/4) + log(1 - 1/4)) / 2.
        (True, (math.log(1 / 4) + math.log(3 / 4)) / 2),
        # -(log 3/4 + log 1/4) / 2.
        (False, -(math.log(3 / 4) + math.log(1 / 4)) / 2),
    ],
)
def test_generator_adversarial_by_hand(saturating, expected):
    loss = losses.generator_adversarial(jnp.array([_LN3, -_LN3]), saturating)
    assert loss == pytest.approx(expected, rel=1e-6)


def test_gradients_of_both_forms_of_the_generator_loss():
    # Slopes in the logit where D = 1/4: -σ = -1/4 as printed, -(1 - σ) = -3/4 otherwise; both push
    # the logit up, the second harder.
    slope = jax.grad(losses.generator_adversarial)
    assert slope(-_LN3, True) == pytest.approx(-1 / 4, rel=1e-5)
    assert slope(-_LN3, False) == pytest.approx(-3 / 4, rel=1e-5)


def test_logits_of_a_thousand_do_not_overflow():
    high, low = jnp.array([1000.0]), jnp.array([-1000.0])
    assert losses.discriminator(high, low) == 0
    assert losses.discriminator(low, high) == 2000
    assert losses.generator_adversarial(high, True) == -1000
    assert losses.generator_adversarial(low, True) == 0
    assert losses.generator_adversarial(high, False) == 0
    assert losses.generator_adversarial(low, False) == 1000
    # d/dlogit: -1 for a real one that is taken for a fake, 0 for one that is recognised.
    by_real = jax.grad(lambda real: losses.discriminator(real, low))
    assert by_real(low) == -1
    assert by_real(high) == 0


# Two frames of three points; of the second frame only the first point is valid.
_A = jnp.array([[[1.0, 2], [3, 4], [0, 0]], [[1, 1], [9, 9], [9, 9]]])
_B = jnp.array([[[0.0, 0], [3, 1], [2, -2]], [[2, -1], [0, 0], [0, 0]]])
_MASK = jnp.array([[1.0, 1, 1], [1, 0, 0]])


def test_l1_distance_by_hand():
    # Frame 1: (1 + 2), (0 + 3), (2 + 2), mean 10/3; frame 2: 1 + 2 = 3.
    distance = losses.contour_distance(_A, _B, _MASK)
    assert distance == pytest.approx((10 / 3 + 3) / 2, rel=1e-6)
    assert losses.contour_distance(_A, _B, _MASK, losses.L1) == distance


def test_l2_distance_by_hand():
    # Frame 1: (1 + 4), (0 + 9), (4 + 4), mean 22/3; frame 2: 1 + 4 = 5.
    distance = losses.contour_distance(_A, _B, _MASK, losses.L2)
    assert distance == pytest.approx((22 / 3 + 5) / 2, rel=1e-6)


def test_printed_distance_is_a_sum_over_points():
    # Frame 1: 3 + 3 + 4; frame 2: 3.
    distance = losses.contour_distance(_A, _B, _MASK, losses.L1_SUM)
    assert distance == pytest.approx((10 + 3) / 2, rel=1e-6)


def test_distance_of_a_frame_without_valid_points_is_zero():
    distance = losses.contour_distance(_A, _B, _MASK.at[1].set(0))
    assert distance == pytest.approx(10 / 3 / 2, rel=1e-6)


def test_distance_to_one_noise_contour_for_all_frames():
    # Eq 7 with ẑ₁ = 0 copied to every frame: (3 + 7 + 0) / 3 and 2.
    distance = losses.contour_distance(_A, jnp.zeros((1, 3, 2)), _MASK)
    assert distance == pytest.approx((10 / 3 + 2) / 2, rel=1e-6)


@pytest.mark.parametrize("norm, gradient", [(losses.L1, 1 / 6), (losses.L2, 2 / 6)])
def test_distance_has_no_gradient_beyond_the_mask(norm, gradient):
    # a - b = (1, 2) at the first point of three, of two frames: slope 1 or 2 · 1, times 1/3 · 1/2.
    by_a = jax.grad(losses.contour_distance)(_A, _B, _MASK, norm)
    assert by_a[0, 0, 0] == pytest.approx(gradient, rel=1e-6)
    assert not by_a[1, 1:].any()


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="contour norm 'l0' is not known: use 'l1', 'l2' or 'l1_s"):
        losses.contour_distance(_A, _B, _MASK, "l0")


def test_generator_sum_of_equation_8():
    # 1 + 2 + 4 + 0.3 · 10.
    assert losses.generator(1.0, 2.0, 4.0, 10.0, alpha=0.3) == pytest.approx(10)


def test_erosion_by_hand():
    # 5×5 pixels of a 7×7 picture: a kernel of 3 takes one pixel off each side.
    mask = jnp.zeros((1, 7, 7)).at[0, 1:6, 1:6].set(1)
    centre = losses.erode(mask, 3)
    assert centre.sum() == 9 and centre[0, 2:5, 2:5].all()
    assert losses.erode(mask, 1).tolist() == mask.tolist()
    # Beyond the border counts as outside.
    assert losses.erode(jnp.ones((1, 5, 5)), 3).sum() == 9


def test_centre_reconstruction_by_hand():
    image = jnp.zeros((2, 1, 2, 3)).at[0, 0, 0].set(jnp.array([0.3, 0.6, 0.0]))
    # Of the first picture one pixel counts: (0.3 + 0.6 + 0) / 3; of the second one none.
    centre = jnp.array([[[1.0, 0.0]], [[0.0, 0.0]]])
    output = jnp.zeros_like(image).at[:, 0, 1].set(1)
    loss = losses.centre_reconstruction(image, output, centre)
    assert loss == pytest.approx((0.3 + 0) / 2, rel=1e-6)


def test_gram_matrices_of_patches_by_hand():
    # Two patches side by side, two channels: pixels (1, 2) and (3, 4) in the first one, of which
    # the second pixel is outside of the region, and none of the second one.
    image = jnp.array([[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]]])
    region = jnp.array([[[1.0, 0.0, 0.0, 0.0]]])
    grams, sizes = losses.patch_grams(image, region, (1, 2))
    assert sizes.tolist() == [[1, 0]]
    assert grams.tolist() == [[[[1, 2], [2, 4]], [[0, 0], [0, 0]]]]
    # Both pixels: ((1 + 9) / 2, (2 + 12) / 2, (4 + 16) / 2).
    grams, _ = losses.patch_grams(image, region.at[0, 0, 1].set(1), (1, 2))
    assert grams[0, 0].tolist() == [[5, 7], [7, 10]]


def test_the_nearest_patch_with_pixels():
    # A grid of 3×2 in which patches 1 and 4 have pixels.
    #   0 1
    #   2 3
    #   4 5
    nearest = losses.nearest_patches(jnp.array([[0, 3, 0, 0, 1, 0]]), (3, 2), (12, 12))
    assert nearest.tolist() == [[1, 1, 4, 1, 4, 4]]


def test_the_nearest_patch_is_the_nearest_in_pixels():
    # From patch 3 of 2×3, patch 0 is one row of 30 pixels away, patch 5 two columns of 10.
    sizes = jnp.array([[1, 0, 0, 0, 0, 1]])
    assert losses.nearest_patches(sizes, (2, 3), (30, 10))[0, 3] == 5
    assert losses.nearest_patches(sizes, (2, 3), (10, 10))[0, 3] == 0


_CENTRE = jnp.array([[[1.0, 0.0, 0.0, 0.0]]])
_EDGE = jnp.array([[[0.0, 1.0, 0.0, 1.0]]])


def test_style_by_hand():
    # Patches of two pixels, one channel. The centre's only pixel is 0.5: Gr / M = 0.25. The edge
    # has 0.9 in the first patch (0.81) and 0.1 in the second (0.01), which is matched with the
    # first one's centre since it has none of its own.
    image = jnp.full((1, 1, 4, 1), 0.5)
    output = jnp.array([[[[9.0], [0.9], [9.0], [0.1]]]])
    loss = losses.edge_style(image, output, _CENTRE, _EDGE, (1, 2))
    assert loss == pytest.approx(0.81 - 0.25 + 0.25 - 0.01, rel=1e-5)


def test_style_of_a_picture_without_centre_or_edge_is_zero_and_has_no_gradient():
    image, output = jnp.full((1, 1, 4, 1), 0.5), jnp.full((1, 1, 4, 1), 0.9)
    nothing = jnp.zeros_like(_CENTRE)
    by_output = jax.value_and_grad(
        lambda x, centre, edge: losses.edge_style(image, x, centre, edge, (1, 2))
    )
    for centre, edge in ((nothing, _EDGE), (_CENTRE, nothing), (nothing, nothing)):
        loss, gradient = by_output(output, centre, edge)
        assert loss == 0
        assert not gradient.any()


def test_style_pulls_the_edge_alone_towards_the_centres_colour():
    image, output = jnp.full((1, 1, 4, 1), 0.5), jnp.full((1, 1, 4, 1), 0.9)
    gradient = jax.grad(lambda x: losses.edge_style(image, x, _CENTRE, _EDGE, (1, 2)))(output)
    # d(x²) = 2 · 0.9 where the edge is.
    assert gradient[0, 0, :, 0].tolist() == pytest.approx([0, 1.8, 0, 1.8], rel=1e-5)


def _by_hand(points, margin):
    """Two people of two sequences at places on a line, one part."""
    return losses.triplets(jnp.array(points, jnp.float32)[:, None, None], 2, margin)


def test_triplets_by_hand():
    # Anchor 0: own at 1, others at 3 and 0.5: max(0, 2 + 1 - 3) = 0 and 2 + 1 - 0.5 = 2.5.
    # Anchor 1: own at 1, others at 2 and 0.5: 1 and 2.5.
    # Anchor 3 (of the other person): own at 2.5, others at 3 and 2: 1.5 and 2.5.
    # Anchor 0.5: own at 2.5, others at 0.5 and 0.5: 4 and 4.
    found = _by_hand([0, 1, 3, 0.5], 2)
    assert found["triplet"] == pytest.approx((2.5 + 1 + 2.5 + 1.5 + 2.5 + 4 + 4) / 7)
    assert found["violated"] == pytest.approx(7 / 8)
    # 1, 3, 0.5, 2, 0.5 and 2.5.
    assert found["distance"] == pytest.approx(9.5 / 6)


def test_triplets_of_people_who_are_apart_or_all_in_one_place():
    apart = _by_hand([0, 0.25, 5, 5.25], 0.2)
    assert (apart["triplet"], apart["violated"]) == (0, 0)
    loss, gradient = jax.value_and_grad(lambda x: losses.triplets(x, 2, 0.2)["triplet"])(
        jnp.ones((4, 3, 5))
    )
    # A collapsed embedding stands at the margin.
    assert loss == pytest.approx(0.2) and _by_hand([1, 1, 1, 1], 0.2)["distance"] == 0
    assert not gradient.any()


def test_each_part_has_its_own_mean_over_violated_triplets():
    # The second part is apart, where no triplet is violated.
    points = jnp.array([[0, 0], [1, 0.1], [3, 9], [0.5, 9.1]], jnp.float32)[..., None]
    found = losses.triplets(points, 2, 2)
    assert found["triplet"] == pytest.approx(18 / 7 / 2)
    assert found["violated"] == pytest.approx(7 / 16)


def test_triplets_do_not_depend_on_who_stands_where():
    points = jax.random.normal(jax.random.key(0), (6, 2, 4))
    one = losses.triplets(points, 3, 0.5)
    other = losses.triplets(points[jnp.array([4, 5, 1, 0, 2, 3])], 3, 0.5)
    for name in one:
        assert one[name] == pytest.approx(float(other[name]), rel=1e-5), name


def test_smoothed_cross_entropy_by_hand():
    # Two of three places are known people, whose probabilities are 3/4 and 1/4.
    logits = jnp.log(jnp.array([[[3.0, 1.0, 77.0]]]))
    found = losses.smoothed_cross_entropy(logits, jnp.array([1]), jnp.int32(2), 0.1)
    expected = 0.9 * math.log(4) + 0.1 * (math.log(4 / 3) + math.log(4)) / 2
    assert found == pytest.approx(expected, rel=1e-5)
    plain = losses.smoothed_cross_entropy(logits, jnp.array([0]), jnp.int32(2), 0.0)
    assert plain == pytest.approx(math.log(4 / 3), rel=1e-5)


def test_silhouettes_by_hand():
    # -log σ(0) = log 2 wherever a logit is 0; of a sure and right pixel nothing is left.
    logits = jnp.array([[[0.0, 40.0], [-40.0, 0.0]]])
    pictures = jnp.array([[[1.0, 1.0], [0.0, 0.25]]])
    assert float(losses.silhouette_distance(logits, pictures)) == pytest.approx(math.log(2) / 2)
    # The least of a picture and twice another one is drawn with a share of a third.
    both = lambda z: (  # noqa: E731
        losses.silhouette_distance(z, jnp.ones(1)) + 2 * losses.silhouette_distance(z, jnp.zeros(1))
    )
    assert float(jax.grad(both)(jnp.log(jnp.array(0.5)))) == pytest.approx(0, abs=1e-6)
