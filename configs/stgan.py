r"""ST-GAN on contour vectors as the paper has them: 2000 boundary pixels, zero-padded.

    python -m gait_jax.train --config=configs/stgan.py --workdir=runs/stgan

On a machine without data it makes synthetic walkers and trains on them. The real sets:

    python -m gait_jax.train --config=configs/stgan.py:casia_a \
        --config.data.manual_dir=DIR --workdir=runs/a

On CASIA-A's ten subjects, two CPU cores: about 10 minutes; on the test subjects 97 % of frames are
one person-sized region, the outline is 0.92 of the original's length, and ‖Ŷ-Y‖₁ is 0.045 body
heights a point.
"""

import importlib.util
import pathlib

import ml_collections


def _load(name: str):
    spec = importlib.util.spec_from_file_location(
        f"_{name}", pathlib.Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def get_config(dataset: str = "walkers") -> ml_collections.ConfigDict:
    """The configuration for a data set: walkers (synthetic), casia_a or casia_b."""
    c = ml_collections.ConfigDict()
    c.method = "stgan"
    c.seed = 0
    c.batch_size = 8
    c.train_steps = 1500
    c.log_every = 25
    c.eval_every = 500
    c.checkpoint_every = 500
    c.keep_checkpoints = 2
    c.eval_batch = 8

    c.update(_load("compute").get_config())

    c.data = ml_collections.ConfigDict()
    c.data.name = dataset
    c.data.data_dir = ""
    # The folder with the original files of a real data set.
    c.data.manual_dir = ""
    # How many people to make; for walkers alone.
    c.data.subjects = 40
    # Groups of subjects: jisa2019, apsipa2020, or few for a set of a dozen subjects.
    few = dataset == "casia_a"
    c.data.groups = "few" if few else "jisa2019"
    c.data.group = "train" if few else "stgan"
    c.data.validation_group = "validation"
    c.data.layout = "padded"
    c.data.points = 2000
    c.data.frames = 16
    c.data.stride = 4

    c.generator = ml_collections.ConfigDict()
    c.generator.widths = (32, 64, 128)
    c.generator.code = 32
    c.generator.hidden = 256

    c.discriminators = ml_collections.ConfigDict()
    c.discriminators.widths = (32, 64, 128)
    c.discriminators.hidden = 128
    c.discriminators.pool = 4
    c.discriminators.embedding = 128
    c.discriminators.lstm = 128

    c.loss = ml_collections.ConfigDict()
    # Weight of L_Per (eq 8): the trade-off between naturalness and success.
    c.loss.alpha = 0.3
    c.loss.norm = "l1"
    c.loss.saturating = False
    # Weights of L_S, L_T, and of the two contour terms together. The paper's norms are sums over
    # 4000 numbers in pixels; here they are means a point in body heights, so they weigh more.
    c.loss.spatial = 1.0
    c.loss.temporal = 1.0
    c.loss.contour = 100.0

    c.optimizer = ml_collections.ConfigDict({"learning_rate": 5e-4, "b1": 0.5, "b2": 0.999})
    c.optimizer_d = ml_collections.ConfigDict({"learning_rate": 2e-4, "b1": 0.5, "b2": 0.999})
    c.ema_decay = 0.99

    # What ẑ₁ is: a contour that G_N draws, or Gaussian numbers (the ablation of figure 7).
    c.noise = "noise_gan"
    c.noise_gan = noise_gan(few)
    return c


def noise_gan(few: bool) -> ml_collections.ConfigDict:
    """G_N's pre-training; `data` fields here replace those of ST-GAN."""
    c = ml_collections.ConfigDict()
    c.method = "noise_gan"
    # A workdir of a finished run of G_N; empty to pre-train it first.
    c.checkpoint = ""
    c.seed = 0
    c.batch_size = 64
    c.train_steps = 5000
    c.log_every = 100
    c.eval_every = 1000
    c.checkpoint_every = 1000
    c.keep_checkpoints = 1
    c.eval_batch = 64
    c.update(_load("compute").get_config())

    c.data = ml_collections.ConfigDict()
    c.data.group = "train" if few else "noise"
    c.data.frames = 1
    c.data.stride = 1
    c.seed_size = 32
    c.generator = ml_collections.ConfigDict({"widths": (256, 512, 512), "stride": 20})
    c.discriminator = ml_collections.ConfigDict(
        {"widths": (64, 128, 256), "hidden": 256, "pool": 16}
    )
    c.loss = ml_collections.ConfigDict({"saturating": False})
    c.optimizer = ml_collections.ConfigDict({"learning_rate": 2e-4, "b1": 0.5, "b2": 0.999})
    c.optimizer_d = ml_collections.ConfigDict({"learning_rate": 1e-3, "b1": 0.5, "b2": 0.999})
    c.ema_decay = 0.995
    return c
