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

from configs import colour_transfer, gaitbase, gaitset, stgan, stgan_resampled

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
    "network.hidden": 8,
    "network.reach": (2,),
    "data.pack.people": 4,
    "data.pack.sequences": 3,
    "network.parts": (2, 1),
    "network.embedding": 8,
    "classifier.people": 8,
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
      pack: whether an example fills a device: the run's batch of one is measured, no larger one.
      tiny_widths: `network.widths` of a network of a few units; as configured where empty.
    """

    config: Callable[[], ml_collections.ConfigDict]
    method: str
    batch: Callable[[ml_collections.ConfigDict, int], Batch]
    example: str
    twin: str = ""
    seeds: str = ""
    outputs: bool = False
    pack: bool = False
    tiny_widths: tuple[int, ...] = ()

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
        if tiny and self.tiny_widths:
            config.network.widths = self.tiny_widths
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


def _packs(config: ml_collections.ConfigDict, count: int) -> Batch:
    """Upright ellipses that widen twice a sequence, and of each person's own width."""
    from gait_jax.methods.recognisers.aligned import shape_of

    data, generator = config.data, np.random.default_rng(0)
    people, sequences = data.pack.people, data.pack.sequences
    shape = count, people, sequences, 1
    turns = 2 * np.arange(data.frames) / data.frames + generator.uniform(0, 1, shape)
    widths = generator.uniform(0.1, 0.25, (count, people, 1, 1))
    widths = widths * (1 + 0.3 * np.sin(2 * np.pi * turns))
    heights = generator.uniform(0.4, 0.5, shape) + np.zeros(data.frames)
    width, height = (x.reshape(count, -1, data.frames, 1, 1) for x in (widths, heights))
    rows, columns = shape_of(data.size)
    y, x = np.mgrid[:rows, :columns]
    x, y = (x - columns / 2) / rows, y / rows - 0.5
    inside = (x / width) ** 2 + (y / height) ** 2 < 1
    known = np.arange(config.classifier.people)
    names = [generator.choice(known, people, replace=False) for _ in range(count)]
    return {
        "silhouettes": inside.astype(np.uint8) * 255,
        "people": np.stack(names).astype(np.int32),
    }


_STGAN = {
    "method": "gait_jax.methods.anonymizers.stgan:STGAN",
    "batch": _contours,
    "example": "window of 32 contours",
    "twin": "torch_stgan:Twin",
    "seeds": "noise_gan.seed_size",
    "outputs": True,
}

_SETS = {
    "batch": _packs,
    "example": "pack of 8 people × 16 sequences × 30 silhouettes of 64 × 44 pixels",
    "pack": True,
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
        tiny_widths=(4, 8),
    ),
    "gaitset": Network(
        config=gaitset.get_config,
        method="gait_jax.methods.recognisers.gaitset:GaitSet",
        twin="torch_gaitset:Twin",
        tiny_widths=(4, 4, 8),
        **_SETS,
    ),
    "gaitbase": Network(
        config=gaitbase.get_config,
        method="gait_jax.methods.recognisers.gaitbase:GaitBase",
        twin="torch_gaitbase:Twin",
        tiny_widths=(4, 4, 8, 8),
        **_SETS,
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
