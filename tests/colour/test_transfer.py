import jax
import numpy as np
import pytest
from drawn import draw_walk

from gait_jax.colour import nearest
from gait_jax.colour.transfer import TransferColouriser
from gait_jax.data.contour_store import Walk
from gait_jax.data.energies import Energies
from gait_jax.gait import energy
from gait_jax.models.colour_transfer import ColourTransferNetwork
from gait_jax.recognition import scoring

_SIZE = 32


@pytest.fixture(scope="module")
def untrained():
    """A network that paints anything."""
    network = ColourTransferNetwork((4, 8), 8, True)
    image, mask = np.zeros((1, _SIZE, _SIZE, 3)), np.zeros((1, _SIZE, _SIZE))
    return TransferColouriser(network, network.init(jax.random.key(1), image, mask), _SIZE, 0.05)


class _Fixed:
    """A network that paints one colour and keeps one share of the original everywhere."""

    def __init__(self, paint, keep):
        self._paint, self._keep = paint, keep

    def apply(self, params, image, mask):
        del params
        shape = mask.shape
        return np.broadcast_to(self._paint, (*shape, 3)), np.full((*shape, 1), self._keep)


def _scene(walk):
    """Frames that show grey people on a black plate."""
    plate = np.zeros((*walk[0].shape, 3), np.uint8)
    frames = [np.where(mask[..., None] > 0, np.uint8(120), plate) for mask in walk]
    return plate, frames


def test_what_is_kept_is_the_frame_and_what_is_painted_the_networks():
    original, anonymised = (mask // 255 for mask in (draw_walk(1)[0], draw_walk(1, bulk=1.4)[0]))
    plate = np.full((*original.shape, 3), 7, np.uint8)
    frame = np.random.default_rng(0).integers(0, 256, plate.shape).astype(np.uint8)
    inside = anonymised > 0
    kept = TransferColouriser(_Fixed(0.0, 1.0), {}, _SIZE, 0.05)
    result = kept(frame, plate, original, anonymised)
    np.testing.assert_array_equal(result[inside], frame[inside])
    painted = TransferColouriser(_Fixed((1.0, 0.5, 0.0), 0.0), {}, _SIZE, 0.05)
    result = painted(frame, plate, original, anonymised)
    assert (result[inside] == [255, 128, 0]).all()
    assert (result[~inside] == 7).all()


def test_nobody_to_colour_is_the_plate(untrained):
    plate = np.full((40, 50, 3), 9, np.uint8)
    nobody = np.zeros((40, 50), np.uint8)
    result = untrained(plate + np.uint8(1), plate, nobody, nobody)
    np.testing.assert_array_equal(result, plate)
    # The caller's plate stays as it is.
    assert result is not plate


def test_the_arguments_are_left_as_they_are(untrained):
    walk = [mask // 255 for mask in draw_walk(1)]
    plate, (frame,) = _scene(walk)
    arguments = [frame, plate, walk[0], walk[0]]
    before = [x.copy() for x in arguments]
    untrained(*arguments)
    for x, y in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, y)


class _NearestImage:
    """Compares energy images pixel by pixel."""

    size = 32

    def distances(self, probes, gallery):
        difference = probes.images[:, None].astype(float) - gallery.images[None]
        return np.square(difference).sum((-2, -1))


def _energies(silhouettes):
    return Energies.of(
        [
            (energy.energy_image(np.stack([energy.align(m, 32) for m in masks])), walk, 90)
            for walk, masks in silhouettes
        ],
        32,
    )


@pytest.mark.parametrize("method", ["nearest", "transfer"])
def test_the_success_rate_before_and_after_colouring_is_the_same(method, untrained):
    colourise = nearest.colourise if method == "nearest" else untrained
    gallery, before, after = [], [], []
    for k in range(5):
        walk = Walk(f"{k:03d}", "nm", 1, 90, 0, 10)
        masks = [mask // 255 for mask in draw_walk(10, tall=54 + 2 * k, bulk=0.8 + 0.1 * k)]
        # Everybody gets the outline of somebody of another build.
        gait = [m // 255 for m in draw_walk(10, tall=54 + 2 * k, bulk=0.8 + 0.1 * ((k + 2) % 5))]
        plate, frames = _scene(masks)
        plate[:] = 255  # Such as no colouriser paints a whole person.
        found = []
        for frame, mask, anonymised in zip(frames, masks, gait, strict=True):
            coloured = colourise(frame, plate, mask, anonymised)
            silhouette = (coloured != plate).any(axis=2).astype(np.uint8)
            np.testing.assert_array_equal(silhouette, anonymised)
            found.append(silhouette)
        gallery.append((walk, masks))
        before.append((walk, gait))
        after.append((walk, found))
    hits = [
        scoring.score(_NearestImage(), _energies(probes), _energies(gallery), (1, 3)).same
        for probes in (before, after)
    ]
    np.testing.assert_array_equal(*hits)
    # Not everybody is identified, and not nobody: the comparison has something to compare.
    assert 0 < hits[0].mean() < 1
