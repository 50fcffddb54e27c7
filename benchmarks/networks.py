"""The networks that `accelerator.py` measures: a further one is one entry of `NETWORKS`."""

import dataclasses
import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

import ml_collections
import numpy as np
from measuring import BFLOAT16, FLOAT32, Case
from training_step import random_batch

from configs import colour_transfer, stgan, stgan_resampled

Batch = dict[str, np.ndarray]

# Examples of a batch that differ: making contours takes long, and timing does not look at them.
_DIFFERENT = 64

# Networks of a few units, which compile in seconds: for trying the benchmark itself.
_TINY = {
    "data.points": 64,
    "data.frames": 4,
    "data.size": 16,
    "seed_size": 4,
    "discriminator.widths": (8, 8),
    "discriminator.hidden": 8,
    "generator.widths": (8, 8, 8),
    "generator.code": 4,
    "generator.hidden": 8,
    "discriminators.widths": (8, 8),
    "discriminators.hidden": 8,
    "discriminators.embedding": 8,
    "discriminators.lstm": 8,
    "noise_gan.seed_size": 4,
    "noise_gan.generator.widths": (8, 8),
    "noise_gan.generator.stride": 8,
    "noise_gan.discriminator.widths": (8, 8),
    "noise_gan.discriminator.hidden": 8,
    "noise_gan.discriminator.pool": 4,
    "network.widths": (4, 8),
    "network.hidden": 8,
    "network.reach": (2,),
}


@dataclasses.dataclass(frozen=True)
class Network:
    """A training step that is measured.

    Attributes:
      config: gives the run's configuration.
      method: the method's class, as "module:name".
      batch: from (configuration, number of examples) to a host's batch.
      example: what an example is.
      twin: the same step in PyTorch, as "module:name"; none where empty. It is called with
        (configuration, batch, parameters to begin with, `torch_stgan.Mode`) and has `step` and
        `wait`.
      seeds: the field that says how many Gaussian numbers a noise contour is drawn from; none
        where empty.
      outputs: whether what the networks give before training is compared, too.
    """

    config: Callable[[], ml_collections.ConfigDict]
    method: str
    batch: Callable[[ml_collections.ConfigDict, int], Batch]
    example: str
    twin: str = ""
    seeds: str = ""
    outputs: bool = False

    def configuration(self, case: Case, tiny: bool) -> ml_collections.ConfigDict:
        """The configuration of a case, with `_TINY` networks where that is wished."""
        config = self.config()
        config.precision = BFLOAT16 if case.precision == BFLOAT16 else FLOAT32
        for field, value in _TINY.items() if tiny else ():
            *above, last = field.split(".")
            part = config
            for name in above:
                part = part.get(name, {})
            if last in part:
                # Single frames stay single.
                part[last] = min(part[last], value) if isinstance(value, int) else value
        return config

    def examples(self, config: ml_collections.ConfigDict, count: int) -> Batch:
        """A host's batch."""
        some = self.batch(config, min(count, _DIFFERENT))
        batch = {k: np.resize(v, (count, *v.shape[1:])) for k, v in some.items()}
        if "noise_seed" in batch:
            batch["noise_seed"] = np.arange(count, dtype=np.uint32)
        return batch


def _noise_gan() -> ml_collections.ConfigDict:
    from gait_jax.methods.anonymizers.noise_gan import config_within

    return config_within(stgan_resampled.get_config())


def _contours(config: ml_collections.ConfigDict, count: int) -> Batch:
    return random_batch(config.data, count)


def _crops(config: ml_collections.ConfigDict, count: int) -> Batch:
    """Noisy pictures, and upright ellipses for people."""
    size = config.data.size
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    middle = generator.uniform(-0.05, 0.05, (2, count, 1, 1))
    masks = (((columns - middle[0]) / 0.2) ** 2 + (rows / 0.45) ** 2 < 1).astype(np.uint8)
    originals = (((columns - middle[1]) / 0.2) ** 2 + (rows / 0.45) ** 2 < 1).astype(np.uint8)
    shape = (count, size, size, 3)
    backgrounds = generator.integers(0, 256, shape, np.uint8)
    people = generator.integers(0, 256, shape, np.uint8)
    images = np.where(originals[..., None] > 0, people, backgrounds)
    return {"images": images, "masks": masks, "originals": originals, "backgrounds": backgrounds}


_STGAN = {
    "method": "gait_jax.methods.anonymizers.stgan:STGAN",
    "batch": _contours,
    "example": "window of 16 contours",
    "twin": "torch_stgan:Twin",
    "seeds": "noise_gan.seed_size",
    "outputs": True,
}

NETWORKS = {
    "stgan_resampled": Network(config=stgan_resampled.get_config, **_STGAN),
    "stgan": Network(config=stgan.get_config, **_STGAN),
    "noise_gan": Network(
        config=_noise_gan,
        method="gait_jax.methods.anonymizers.noise_gan:NoiseGAN",
        batch=_contours,
        example="contour",
        twin="torch_noise_gan:Twin",
        seeds="seed_size",
    ),
    "colour_transfer": Network(
        config=colour_transfer.get_config,
        method="gait_jax.methods.colourisers.colour_transfer:ColourTransfer",
        batch=_crops,
        example="crop of 96 × 96 pixels",
        twin="torch_colour_transfer:Twin",
    ),
}


def stand_in_for_opencv() -> None:
    """Lets methods be imported where OpenCV is missing: a step draws no picture."""
    try:
        importlib.import_module("cv2")
    except ImportError:
        sys.modules["cv2"] = types.ModuleType("cv2")


def load(name: str) -> Any:
    """What "module:name" names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
