r"""ST-GAN on contour vectors as the paper has them: 2000 boundary pixels, zero-padded.

    python -m gait_jax.train --config=configs/stgan.py --workdir=runs/stgan

On a machine without data it makes synthetic walkers and trains on them. A real set:

    python -m gait_jax.train --config=configs/stgan.py:data=casia_a \
        --config.data.manual_dir=DIR --workdir=runs/a

Time: on CASIA-A's ten subjects, two CPU cores, about 10 minutes.
Result: on the test subjects 97 % of frames are one person-sized region, the outline is 0.92 of the
original's length, and ‖Ŷ-Y‖₁ is 0.045 body heights a point.

Arguments:
    data           walkers (the default), casia_a or casia_b
    groups         few: for a set of a dozen people, as casia_a always has it
    anonymized_by  a run that anonymises, whose gaits to train on in place of the originals
"""

import ml_collections

from configs import common

ARGUMENTS = {"data": "walkers", "groups": ("", "few"), "anonymized_by": ""}


def get_config(arg: str = "") -> ml_collections.ConfigDict:
    """The configuration for the arguments above."""
    arg = common.parse_arg(arg, **ARGUMENTS)
    few = common.is_few(arg)
    c = ml_collections.ConfigDict()
    # The method to train.
    c.method = "stgan"
    c.update(
        common.training(batch_size=4, train_steps=1500, log_every=25, eval_every=500, eval_batch=4)
    )

    c.data = common.data(
        arg.data,
        groups="few" if few else "jisa2019",
        group="train" if few else "stgan",
        validation_group="validation",
        anonymized_by=arg.anonymized_by,
    )
    # The contour vector: padded (boundary pixels, zeros after them) or resampled (points at equal
    # arc length, closed).
    c.data.layout = "padded"
    # Points that a contour has room for. More cost little: what none of the training's contours
    # needs is not computed.
    c.data.points = 2000
    # Frames of a window, and from one window's start to the next one's. D_T is to see a whole
    # cycle, which takes 25 to 30 of them.
    c.data.frames = 32
    c.data.stride = 8

    # G.
    c.generator = ml_collections.ConfigDict()
    # Channels of its two encoders, and backwards of its decoder.
    c.generator.widths = (32, 64, 128)
    # Channels of the code at each position.
    c.generator.code = 32
    # Units of the fully connected layer after the encoders; 0 leaves the code local.
    c.generator.hidden = 256

    c.discriminators = ml_collections.ConfigDict()
    # D_S: channels, and units of its fully connected layer.
    c.discriminators.widths = (32, 64, 128)
    c.discriminators.hidden = 128
    # Points that D_S and D_T average first.
    c.discriminators.pool = 4
    # D_T: units of a frame's embedding, and of the LSTM.
    c.discriminators.embedding = 128
    c.discriminators.lstm = 128

    c.loss = ml_collections.ConfigDict()
    # Weight of L_Per (eq 8): the trade-off between naturalness and success.
    c.loss.alpha = 0.3
    # Of the two contour terms: l1, as printed (eqs 6, 7), or l2, squared.
    c.loss.norm = "l1"
    # Whether G minimises log(1 - D), as printed (eqs 4, 5), in place of -log D.
    c.loss.saturating = False
    # Weights of L_S, L_T, and of the two contour terms together. The paper's norms are sums over
    # 4000 numbers in pixels; here they are means a point in body heights, so they weigh more.
    c.loss.spatial = 1.0
    c.loss.temporal = 1.0
    c.loss.contour = 100.0

    c.optimizer = common.adam(5e-4, b1=0.5)
    # Of D_S and of D_T.
    c.optimizer_d = common.adam(2e-4, b1=0.5)
    # Of the running mean of G's parameters, which is what is used after training.
    c.ema_decay = 0.99

    # What ẑ₁ is: a contour that G_N draws (noise_gan), or Gaussian numbers (gaussian: the ablation
    # of figure 7).
    c.noise = "noise_gan"
    # G_N's pre-training.
    c.noise_gan = _noise_gan(few)
    return c


def _noise_gan(few: bool) -> ml_collections.ConfigDict:
    """G_N's pre-training; `data` fields here replace those of ST-GAN."""
    c = ml_collections.ConfigDict()
    c.method = "noise_gan"
    # A workdir of a finished run of G_N; empty to pre-train it first.
    c.checkpoint = ""
    c.update(
        common.training(
            batch_size=64,
            train_steps=5000,
            log_every=100,
            eval_every=1000,
            eval_batch=64,
            keep_checkpoints=1,
        )
    )

    # In place of ST-GAN's: whom to train G_N on, by single frames.
    c.data = ml_collections.ConfigDict()
    c.data.group = "train" if few else "noise"
    c.data.frames = 1
    c.data.stride = 1
    # Numbers of the Gaussian seed.
    c.seed_size = 32
    # G_N: units of its layers, and points per control point of the curve that it draws.
    c.generator = ml_collections.ConfigDict({"widths": (256, 512, 512), "stride": 20})
    # D_N: channels, units of its fully connected layer, and points that it averages first.
    c.discriminator = ml_collections.ConfigDict(
        {"widths": (64, 128, 256), "hidden": 256, "pool": 16}
    )
    # Whether G_N minimises log(1 - D) in place of -log D.
    c.loss = ml_collections.ConfigDict({"saturating": False})
    c.optimizer = common.adam(2e-4, b1=0.5)
    # Of D_N.
    c.optimizer_d = common.adam(1e-3, b1=0.5)
    # Of the running mean of G_N's parameters, which is what draws.
    c.ema_decay = 0.995
    return common.within(c)
