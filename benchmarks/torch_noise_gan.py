"""The step of `gait_jax.methods.anonymizers.noise_gan` in PyTorch, on resampled contours."""

from collections.abc import Mapping
from typing import Any

import ml_collections
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_stgan import (
    ContourDiscriminator,
    Mode,
    NoiseGenerator,
    Tree,
    adam,
    adversarial,
    move_average,
    pool,
)


class Twin:
    """Runs the step on one batch, again and again."""

    def __init__(
        self, config: Mapping[str, Any], batch: Mapping[str, np.ndarray], start: Tree, mode: Mode
    ):
        """Builds the networks with the parameters of `start` ("params" of a state)."""
        mode.begin()
        config = ml_collections.ConfigDict(config)
        self._mode, self._device = mode, torch.device(mode.device)
        points, g, d = config.data.points, config.generator, config.discriminator
        self.generator = NoiseGenerator(config.seed_size, g.widths, points, g.stride)
        self.discriminator = ContourDiscriminator(d.widths, d.hidden, points // d.pool, cyclic=True)
        for name in ("generator", "discriminator"):
            getattr(self, name).load(start["params"][name])
            getattr(self, name).to(self._device)
        self._average = [p.detach().clone() for p in self.generator.parameters()]
        self._optimizer = adam(self.generator.parameters(), config.optimizer)
        self._optimizer_d = adam(self.discriminator.parameters(), config.optimizer_d)
        contours = batch["contours"].reshape(-1, points, 2).swapaxes(1, 2)
        self._real = torch.from_numpy(np.ascontiguousarray(contours)).to(self._device)
        self._mask = torch.ones(len(contours), points, device=self._device)
        self._size, self._seed_size = d.pool, config.seed_size
        self._saturating = config.loss.saturating
        self._decay, self._steps = config.ema_decay, 0
        self._generated = mode.wrap(self.generator)
        self._d_loss = mode.wrap(self._lose_d)
        self._g_loss = mode.wrap(self._lose_g)

    def _logits(self, contours: Tensor) -> Tensor:
        return self.discriminator(*pool(contours, self._mask, self._size))

    def _lose_d(self, fake: Tensor) -> Tensor:
        return adversarial(self._logits(self._real), self._logits(fake))

    def _lose_g(self, fake: Tensor) -> Tensor:
        logits = self._logits(fake)
        return -F.softplus(logits).mean() if self._saturating else F.softplus(-logits).mean()

    def step(self, seeds: np.ndarray | None = None) -> dict[str, Tensor]:
        """One training step.

        Args:
          seeds: [B, S] Gaussian seeds; drawn where missing.

        Returns:
          The losses.
        """
        self._mode.step()
        if seeds is None:
            drawn = torch.randn(len(self._real), self._seed_size, device=self._device)
        else:
            drawn = torch.from_numpy(seeds).to(self._device)
        with self._mode.autocast():
            fake = self._generated(drawn)
            loss_d = self._d_loss(fake.detach())
        self._optimizer_d.zero_grad()
        loss_d.backward()
        self._optimizer_d.step()
        self.discriminator.requires_grad_(False)
        with self._mode.autocast():
            loss_g = self._g_loss(fake)
        self._optimizer.zero_grad()
        loss_g.backward()
        self.discriminator.requires_grad_(True)
        self._optimizer.step()
        move_average(self._average, self.generator.parameters(), self._steps, self._decay)
        self._steps += 1
        return {"loss_d": loss_d.detach(), "loss_g": loss_g.detach()}

    def wait(self) -> None:
        """Returns when all steps are done."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()
