"""What recognisers by silhouette sets have in common, in PyTorch: parts, losses and the step.

As `gait_jax.models.silhouettes`, `gait_jax.losses` and
`gait_jax.methods.recognisers.silhouette_sets`, channels first. Maxima and cosines are PyTorch's
own.
"""

import abc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_stgan import Mode, Tree, adam, move_average


def conv(inputs: int, outputs: int, width: int, stride: int = 1) -> nn.Conv2d:
    """A convolution [N, C, H, W] → [N, outputs, ⌈H / stride⌉, ⌈W / stride⌉] without a bias."""
    return nn.Conv2d(inputs, outputs, width, stride, width // 2, bias=False)


def load_conv(layer: nn.Conv2d, tree: Tree) -> None:
    """Copies a Flax Conv layer."""
    _copy(layer.weight, tree["kernel"].transpose(3, 2, 0, 1))


def load_norm(layer: nn.BatchNorm1d | nn.BatchNorm2d, tree: Tree) -> None:
    """Copies the parameters of a Flax BatchNorm layer; averages begin alike."""
    _copy(layer.weight, tree["scale"])
    _copy(layer.bias, tree["bias"])


def _copy(parameter: nn.Parameter, array: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def set_max(features: Tensor, frames: int) -> Tensor:
    """The largest over a sequence's frames: [N · T, ...] → [N, ...]."""
    return features.unflatten(0, (-1, frames)).max(1).values


def pyramid(features: Tensor, parts: Sequence[int]) -> Tensor:
    """Mean plus maximum over horizontal strips: [N, C, H, W] → [N, C, sum of parts]."""
    strips = [features.unflatten(2, (number, -1)).flatten(3) for number in parts]
    return torch.cat([strip.mean(3) + strip.max(3).values for strip in strips], 2)


class PartDense(nn.Module):
    """A matrix for each part: [N, C, P] → [N, P, outputs]."""

    def __init__(self, parts: int, inputs: int, outputs: int):
        super().__init__()
        self.kernel = nn.Parameter(torch.empty(parts, inputs, outputs))

    def forward(self, parts: Tensor) -> Tensor:
        return torch.einsum("ncp,pcf->npf", parts, self.kernel)

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        _copy(self.kernel, tree["kernel"])


class PartNeck(nn.Module):
    """Points [N, P, D] → cosines [N, P, people], behind batch norm."""

    def __init__(self, parts: int, inputs: int, people: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(parts * inputs)
        self.kernel = nn.Parameter(torch.empty(parts, inputs, people))

    def forward(self, points: Tensor) -> Tensor:
        normed = self.norm(points.flatten(1)).view_as(points)
        directions = F.normalize(self.kernel, dim=1)
        return torch.einsum("npd,pdk->npk", F.normalize(normed, dim=2), directions)

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        load_norm(self.norm, tree["BatchNorm_0"])
        _copy(self.kernel, tree["kernel"])


class Triplets(nn.Module):
    """All triplets of packs, as `gait_jax.losses.triplets`."""

    def __init__(self, people: int, each: int, margin: float):
        super().__init__()
        self._margin = margin
        whose = torch.arange(people * each) // each
        same = whose[:, None] == whose
        alone = torch.eye(len(whose), dtype=torch.bool)
        # Places of one's own other sequences, and of those of the others: [N, ...].
        for name, wanted in (("same", same & ~alone), ("other", ~same)):
            self.register_buffer(name, wanted.nonzero()[:, 1].view(len(whose), -1))

    def forward(self, points: Tensor) -> dict[str, Tensor]:
        """[B, N, P, D] → "triplet", "violated" and "distance", scalars."""
        by_part = points.transpose(1, 2)
        # Not by products: they would be rounded where other products may be.
        distance = torch.cdist(by_part, by_part, compute_mode="donot_use_mm_for_euclid_dist")
        same, other = (
            distance.gather(3, places.expand(*distance.shape[:2], -1, -1))
            for places in (self.same, self.other)
        )
        violation = F.relu(self._margin + same[..., None] - other[..., None, :])
        violated = violation > 0
        number = violated.sum((2, 3, 4)).clamp(min=1)
        return {
            "triplet": (violation.sum((2, 3, 4)) / number).mean(),
            "violated": violated.float().mean(),
            "distance": torch.cat([same, other], 3).mean(),
        }


def _sgd_or_adam(
    parameters: Iterable[nn.Parameter], config: Mapping[str, Any]
) -> torch.optim.Optimizer:
    """The optimiser of a configuration, before its learning rate changes."""
    if config["name"] == "adam":
        return adam(parameters, config)
    return torch.optim.SGD(
        parameters,
        config["learning_rate"],
        config["momentum"],
        weight_decay=config["weight_decay"],
        fused=True,
    )


class SetTwin(abc.ABC):
    """Runs the step on one batch, again and again."""

    def __init__(
        self, config: Mapping[str, Any], batch: Mapping[str, np.ndarray], start: Tree, mode: Mode
    ):
        """Builds the networks with the parameters of `start` ("params" and "frozen" of a state)."""
        mode.begin()
        config = ml_collections.ConfigDict(config)
        self._mode, self._device = mode, torch.device(mode.device)
        self.network = self.build_network(config.network)
        self.network.load(start["params"]["network"])
        # The faster order of what is stored on a GPU; on the CPU it was measured to round more.
        gpu = self._device.type == "cuda"
        order = torch.channels_last if gpu else torch.contiguous_format
        self.network.to(self._device, memory_format=order)
        learned = [*self.network.parameters()]
        self._used = [*learned, *(x for x in self.network.buffers() if x.is_floating_point())]
        self._average = [x.detach().clone() for x in self._used]
        (_, people), (_, sequences, *_) = batch["people"].shape, batch["silhouettes"].shape
        self._triplets = Triplets(people, sequences // people, config.margin).to(self._device)
        # Plain values: what is compiled should not look into a configuration.
        names = config.classifier
        self._weight, self._scale, self._smoothing = names.weight, names.scale, names.smoothing
        self._count = int(start["frozen"]["statistics"]["people"])
        if self._weight:
            kernel = start["params"]["neck"]["kernel"]
            self.neck = PartNeck(*kernel.shape)
            self.neck.load(start["params"]["neck"])
            self.neck.to(self._device)
            learned += self.neck.parameters()
        self._optimizer = _sgd_or_adam(learned, config.optimizer)
        self._decay, self._steps = config.ema_decay, 0
        owners = batch["people"].reshape(-1).repeat(sequences // people).astype(np.int64)
        self._owners = torch.from_numpy(owners).to(self._device)
        self._silhouettes = torch.from_numpy(batch["silhouettes"]).to(self._device)
        self._losses = mode.wrap(self._lose)

    @abc.abstractmethod
    def build_network(self, config: ml_collections.ConfigDict) -> nn.Module:
        """The network: silhouettes [N, T, H, W] in 0..1 → points [N, P, D]; it has `load`."""

    def _lose(self, silhouettes: Tensor, owners: Tensor) -> dict[str, Tensor]:
        images = silhouettes.flatten(0, 1).float() / 255
        with self._mode.autocast():
            points = self.network(images)
        points = points.float()
        losses = self._triplets(points.unflatten(0, silhouettes.shape[:2]))
        losses["loss"] = losses["triplet"]
        if self._weight:
            logits = self._scale * self.neck(points)[..., : self._count]
            wanted = owners[:, None].expand(logits.shape[:2])
            losses["cross_entropy"] = F.cross_entropy(
                logits.flatten(0, 1), wanted.flatten(), label_smoothing=self._smoothing
            )
            losses["loss"] = losses["loss"] + self._weight * losses["cross_entropy"]
        return losses

    def step(self, seeds: None = None) -> dict[str, Tensor]:
        """One training step; returns the losses. Nothing is drawn from seeds."""
        del seeds
        self._mode.step()
        losses = self._losses(self._silhouettes, self._owners)
        self._optimizer.zero_grad()
        losses["loss"].backward()
        self._optimizer.step()
        move_average(self._average, self._used, self._steps, self._decay)
        self._steps += 1
        return {name: value.detach() for name, value in losses.items()}

    def wait(self) -> None:
        """Returns when all steps are done."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()
