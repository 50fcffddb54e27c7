"""ST-GAN without what is smooth by construction, to see what its discriminators do (2019 §3.4).

In the paper the last layer of G gives the contour vector. In `stgan.py` a B-spline follows, which
alone makes outlines smooth; here G gives the points themselves. What else is as printed is a matter
of configuration: `configs/stgan_printed.py`.
"""

from gait_jax.methods.anonymizers.stgan import STGAN


class PrintedSTGAN(STGAN):
    """ST-GAN whose G gives points, on no curve."""

    CURVE = False
