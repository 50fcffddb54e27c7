import math

import numpy as np
import pytest

from gait_jax.evaluation.colour_quality import compare

_REGION = np.zeros((40, 50), np.uint8)
_REGION[5:30, 8:20] = 1


def _picture(seed=0):
    return np.random.default_rng(seed).integers(40, 200, (40, 50, 3)).astype(np.uint8)


def test_equal_pictures():
    assert compare(_picture(), _picture(), _REGION) == (math.inf, pytest.approx(1))


def test_psnr_by_hand():
    # Off by 10 in one of three channels: a mean squared error of 100 / 3.
    found = _picture()
    found[..., 1] += 10
    psnr, ssim = compare(found, _picture(), _REGION)
    assert psnr == pytest.approx(10 * math.log10(255**2 / (100 / 3)), rel=1e-6)
    assert 0.9 < ssim < 1


def test_ssim_of_flat_pictures_by_hand():
    # Without structure it is luminance's term alone: (2 · 100 · 110 + C) / (100² + 110² + C), where
    # C = (0.01 · 255)².
    flat = np.full((40, 50, 3), 100, np.uint8)
    _, ssim = compare(flat + np.uint8(10), flat, _REGION)
    c = 2.55**2
    assert ssim == pytest.approx((22000 + c) / (22100 + c), rel=1e-4)


def test_what_is_far_from_the_region_does_not_count():
    found = _picture()
    found[_REGION == 0] = 0
    psnr, _ = compare(found, _picture(), _REGION)
    assert psnr == math.inf
    # The window reaches five pixels beyond the region.
    found = _picture()
    found[36:], found[:, 26:] = 0, 0
    assert compare(found, _picture(), _REGION) == (math.inf, pytest.approx(1))


def test_a_small_region_at_the_border():
    region = np.zeros_like(_REGION)
    region[0, 0] = 1
    assert compare(_picture(), _picture(), region) == (math.inf, pytest.approx(1))
