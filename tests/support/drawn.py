"""People drawn for tests, and a configuration small enough to train in seconds."""

import importlib.util
import pathlib

import cv2
import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
HEIGHT, WIDTH = 96, 140


def draw_person(phase, x, tall=60, bulk=1.0):
    """A drawn person: head, body and two legs that swing; [96, 140] uint8 of 0 and 255."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    top = 12
    hip = top + int(0.5 * tall)
    foot = top + tall
    swing = int(0.22 * tall * np.sin(phase))
    cv2.circle(mask, (x, top + 6), 6, 255, -1)
    cv2.ellipse(
        mask, (x, top + int(0.32 * tall)), (int(8 * bulk), int(0.2 * tall)), 0, 0, 360, 255, -1
    )
    for side in (-1, 1):
        cv2.line(mask, (x, hip), (x + side * swing, foot), 255, 7)
    return mask


def draw_walk(frames, tall=60, bulk=1.0, start=30):
    return [draw_person(0.5 * i, start + 2 * i, tall, bulk) for i in range(frames)]


def to_and_fro(number, masks):
    """A walk in the direction that its number has in most of CASIA-A: odd ones go to the left."""
    return masks[::-1] if number % 2 else masks


def write_walk(folder, prefix, masks):
    folder.mkdir(parents=True, exist_ok=True)
    for i, mask in enumerate(masks, 1):
        cv2.imwrite(str(folder / f"{prefix}-{i:03d}.png"), mask)


def load_config(name, dataset):
    spec = importlib.util.spec_from_file_location(name, ROOT / "configs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config(dataset)


# Networks of a few units on 64 points: a step takes milliseconds, and compiling a few seconds.
TINY = {
    "batch_size": 4,
    "train_steps": 4,
    "log_every": 1,
    "eval_every": 2,
    "checkpoint_every": 2,
    "eval_batch": 2,
    "data.points": 64,
    "data.frames": 4,
    "data.stride": 1,
    "generator.widths": (8, 8, 8),
    "generator.code": 4,
    "generator.hidden": 8,
    "discriminators.widths": (8, 8),
    "discriminators.hidden": 8,
    "discriminators.embedding": 8,
    "discriminators.lstm": 8,
    "noise_gan.batch_size": 4,
    "noise_gan.train_steps": 2,
    "noise_gan.log_every": 1,
    "noise_gan.eval_every": 2,
    "noise_gan.checkpoint_every": 2,
    "noise_gan.eval_batch": 4,
    "noise_gan.seed_size": 4,
    "noise_gan.generator.widths": (8, 8),
    "noise_gan.generator.stride": 8,
    "noise_gan.discriminator.widths": (8, 8),
    "noise_gan.discriminator.hidden": 8,
    "noise_gan.discriminator.pool": 4,
}


def as_flags(config_name, manual_dir, data_dir, **changes):
    """The command line's arguments for the tiny configuration."""
    values = TINY | {"data.manual_dir": manual_dir, "data.data_dir": data_dir} | changes
    flags = [f"--config={ROOT / 'configs' / config_name}.py:casia_a"]
    for key, value in values.items():
        text = f"({','.join(map(str, value))},)" if isinstance(value, tuple) else value
        flags.append(f"--config.{key}={text}")
    return flags
