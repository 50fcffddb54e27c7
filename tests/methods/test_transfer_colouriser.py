import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import draw_walk
from stores import make_store

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import scoring
from gait_jax.methods.colourisers import nearest
from gait_jax.methods.colourisers.colour_transfer import Transfer
from gait_jax.methods.recognisers.energy import energy_images
from gait_jax.models.colour_transfer import ColourTransferNetwork, offsets

_SIZE = 32


@pytest.fixture(scope="module")
def untrained():
    """A network that paints anything."""
    network = ColourTransferNetwork((4, 8), 8, True, (2,))
    image, mask = np.zeros((1, _SIZE, _SIZE, 3)), np.zeros((1, _SIZE, _SIZE))
    params = network.init(jax.random.key(1), image, mask, image)
    return Transfer(network, params, offsets((2,)), _SIZE, 0.05)


class _Fixed:
    """A network with the same paint and the same shares everywhere."""

    def __init__(self, paint, *shares):
        self._paint, self._shares = jnp.asarray(paint), jnp.asarray(shares)

    def apply(self, params, image, mask, background):
        del params, background
        return tuple(
            jnp.broadcast_to(x, (*mask.shape, len(x))) for x in (self._paint, self._shares)
        )


def _scene(walk):
    """Frames that show grey people on a black background."""
    background = np.zeros((*walk[0].shape, 3), np.uint8)
    frames = [np.where(mask[..., None] > 0, np.uint8(120), background) for mask in walk]
    return background, frames


def _colours(network, moves=((0, 0),)):
    """(coloured, frame, background, anonymised) of one frame of noise."""
    original, anonymised = (mask // 255 for mask in (draw_walk(1)[0], draw_walk(1, bulk=1.4)[0]))
    background = np.full((*original.shape, 3), 7, np.uint8)
    frame = np.random.default_rng(0).integers(0, 256, background.shape).astype(np.uint8)
    run = Transfer(network, {}, moves, _SIZE, 0.05)
    return run(frame, background, original, anonymised), frame, background, anonymised


def test_what_is_taken_over_is_the_frames_own_pixels():
    result, frame, background, anonymised = _colours(_Fixed([0.0] * 3, 0.0, 1.0))
    np.testing.assert_array_equal(result, np.where(anonymised[..., None] > 0, frame, background))


def test_what_is_painted_is_the_networks():
    result, _, _, anonymised = _colours(_Fixed([1.0, 0.5, 0.0], 1.0))
    assert (result[anonymised > 0] == [255, 128, 0]).all()
    assert (result[anonymised == 0] == 7).all()


def test_a_move_is_in_pixels_of_the_crop():
    # A person of 63 rows with 3 of background above and below: a square of 69, shown as 32 pixels.
    # Two of them down and one to the left are four of the frame down and two to the left.
    result, frame, _, anonymised = _colours(_Fixed([0.0] * 3, 0.0, 1.0), [(2, -1)])
    rows, columns = np.nonzero(anonymised)
    height = np.ptp(rows) + 1
    scale = (height + 2 * round(0.05 * height)) / _SIZE
    down, left = round(2 * scale), round(scale)
    assert (down, left) == (4, 2)
    expected = frame[np.minimum(rows + down, len(frame) - 1), columns - left]
    np.testing.assert_array_equal(result[rows, columns], expected)


class _Brightest:
    """A network that paints everything as the brightest pixel that it sees."""

    def apply(self, params, image, mask, background):
        del params, background
        paint = jnp.broadcast_to(image.max((1, 2), keepdims=True), image.shape)
        return paint, jnp.ones((*mask.shape, 1))


def test_the_network_sees_limbs_of_the_original_beside_the_anonymised_person():
    original, anonymised = np.zeros((2, 60, 80), np.uint8)
    original[10:50, 36:44] = anonymised[10:50, 36:44] = 1
    # An arm, stretched out, that the anonymised person has at their side.
    original[20:24, 20:36] = 1
    frame = np.zeros((60, 80, 3), np.uint8)
    frame[20:24, 20:24] = 250
    run = Transfer(_Brightest(), {}, [], _SIZE, 0.05)
    result = run(frame, np.zeros_like(frame), original, anonymised)
    assert (result[anonymised > 0] > 200).all()


def test_shares_mix():
    result, frame, _, anonymised = _colours(_Fixed([0.4] * 3, 0.5, 0.5))
    inside = anonymised > 0
    expected = 0.5 * 0.4 * 255 + 0.5 * frame[inside].astype(float)
    np.testing.assert_allclose(result[inside], expected, atol=0.51)


def test_nobody_to_colour_is_the_background(untrained):
    background = np.full((40, 50, 3), 9, np.uint8)
    nobody = np.zeros((40, 50), np.uint8)
    result = untrained(background + np.uint8(1), background, nobody, nobody)
    np.testing.assert_array_equal(result, background)
    # The caller's background stays as it is.
    assert result is not background


def test_the_arguments_are_left_as_they_are(untrained):
    walk = [mask // 255 for mask in draw_walk(1)]
    background, (frame,) = _scene(walk)
    arguments = [frame, background, walk[0], walk[0]]
    before = [x.copy() for x in arguments]
    untrained(*arguments)
    for x, y in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, y)


class _NearestImage:
    """Compares energy images pixel by pixel."""

    def distances(self, probes, gallery):
        seen, known = (energy_images(gaits, 32).astype(float) for gaits in (probes, gallery))
        return np.square(seen[:, None] - known[None]).sum((-2, -1))


@pytest.mark.parametrize("method", ["nearest", "transfer"])
def test_the_success_rate_before_and_after_colouring_is_the_same(method, untrained, tmp_path):
    colourise = nearest.colourise if method == "nearest" else untrained
    gallery, before, after = [], [], []
    for k in range(5):
        name = (f"{k:03d}", "nm", 1, 90)
        masks = [mask // 255 for mask in draw_walk(10, tall=54 + 2 * k, bulk=0.8 + 0.1 * k)]
        # Everybody gets the outline of somebody of another build.
        gait = [m // 255 for m in draw_walk(10, tall=54 + 2 * k, bulk=0.8 + 0.1 * ((k + 2) % 5))]
        background, frames = _scene(masks)
        background[:] = 255  # Such as no colouriser paints a whole person.
        found = []
        for frame, mask, anonymised in zip(frames, masks, gait, strict=True):
            coloured = colourise(frame, background, mask, anonymised)
            silhouette = (coloured != background).any(axis=2).astype(np.uint8)
            np.testing.assert_array_equal(silhouette, anonymised)
            found.append(silhouette)
        gallery.append((*name, masks))
        before.append((*name, gait))
        after.append((*name, found))
    enrolled, *probed = (
        Gaits.of(make_store(tmp_path / kind, sequences))
        for kind, sequences in (("gallery", gallery), ("before", before), ("after", after))
    )
    hits = [scoring.score(_NearestImage(), probes, enrolled, (1, 3)).same for probes in probed]
    np.testing.assert_array_equal(*hits)
    # Not everybody is identified, and not nobody: the comparison has something to compare.
    assert 0 < hits[0].mean() < 1
