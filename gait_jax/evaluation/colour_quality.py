"""PSNR and SSIM of coloured frames (2020 §IV-B), over a declared region."""

import math

import numpy as np
from skimage import metrics

from gait_jax.gait.crop import Crop

# Half the width of SSIM's window (a Gaussian of 1.5 pixels, cut off at 3.5 of them) around a region
# is all that it can see.
_REACH = 5


def compare(found: np.ndarray, truth: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """PSNR and SSIM over some of a picture's pixels.

    PSNR is of the mean squared error over the region's pixels and the three channels. SSIM is the
    mean over them of the map of Wang et al. (2004): a Gaussian window of 1.5 pixels on the whole
    picture, so that at the region's border it also sees what is around.

    Args:
      found: [H, W, 3] uint8.
      truth: what it is compared with, likewise.
      region: [H, W] uint8, non-zero where pixels count; some do.

    Returns:
      (PSNR in dB, infinite where they are equal; SSIM in -1..1).
    """
    crop = Crop.around(region, 0.0)
    rows, columns = (
        slice(max(s.start - _REACH, 0), max(s.stop + _REACH, s.start + 11)) for s in crop.box
    )
    found, truth, inside = (x[rows, columns] for x in (found, truth, region > 0))
    psnr = math.inf
    if not np.array_equal(found[inside], truth[inside]):
        psnr = metrics.peak_signal_noise_ratio(truth[inside], found[inside], data_range=255)
    _, similarity = metrics.structural_similarity(
        truth,
        found,
        data_range=255,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(psnr), float(similarity[inside].mean())
