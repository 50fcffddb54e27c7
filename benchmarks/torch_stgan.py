"""ST-GAN's networks and training step in PyTorch, eager: what `training_step.py` measures against.

The same networks as in `gait_jax/models`, written as PyTorch has them: channels first, `nn.Conv1d`,
`nn.LSTM`, `torch.optim.Adam`. Parameters come from the Flax networks; where a layer's units run
over positions and channels, they are put in the order of channels first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gait_jax.gait.codec import RESAMPLED
from gait_jax.models import spline
from gait_jax.models.discriminators import _SCALE
from gait_jax.models.generators import CONTROL_STRIDE

Tree = Mapping[str, Any]


class Convolution(nn.Conv1d):
    """As `gait_jax.models.convolution.conv`: [N, C, L] → [N, outputs, L / stride]."""

    def __init__(self, inputs: int, outputs: int, width: int, stride: int, cyclic: bool):
        before, odd = divmod(width - stride, 2)
        if odd and not cyclic:
            raise ValueError(f"width {width} and stride {stride} would need uneven padding")
        super().__init__(inputs, outputs, width, stride, padding=0 if cyclic else before)
        # Uneven, so nn.Conv1d's own circular padding cannot do it; it calls F.pad just the same.
        self._wrap = ((width - 1) // 2, width // 2) if cyclic and width > 1 else None

    def forward(self, signal: Tensor) -> Tensor:
        if self._wrap:
            signal = F.pad(signal, self._wrap, mode="circular")
        return super().forward(signal)


def valid_mask(counts: Tensor, points: int) -> Tensor:
    """[...] numbers of valid points → [..., points], 1 where a point is valid."""
    return (torch.arange(points, device=counts.device) < counts[..., None]).float()


def lay_out(contours: Tensor, counts: Tensor) -> Tensor:
    """Puts whole contours [N, 2, P] on their first `counts` [N] points, zeros after."""
    points = contours.shape[-1]
    places = torch.arange(points, device=contours.device) * (points / counts[:, None])
    places = places.clamp(max=points - 1)
    lower = places.floor()
    ratio = (places - lower)[:, None]
    lower = lower.long()
    take = lambda index: contours.gather(  # noqa: E731
        2, (index % points)[:, None].expand(-1, contours.shape[1], -1)
    )
    laid = take(lower) * (1 - ratio) + take(lower + 1) * ratio
    return laid * valid_mask(counts, points)[:, None]


def pool(contours: Tensor, mask: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Averages runs of valid points: [N, 2, P], [N, P] → [N, 2, P / size], [N, 1, P / size]."""
    weights = mask.unflatten(1, (-1, size))[:, None]
    share = weights.sum(-1)
    # Measured: on the CPU faster than F.avg_pool1d.
    sums = (contours.unflatten(2, (-1, size)) * weights).sum(-1)
    return sums / share.clamp(min=1), share / size


class Spline(nn.Module):
    """Control points [N, 2, K] → a cubic B-spline's points [N, 2, K · factor]."""

    def __init__(self, factor: int, cyclic: bool):
        super().__init__()
        self._mode = "circular" if cyclic else "replicate"
        self.register_buffer("basis", torch.from_numpy(spline.basis(factor)))

    def forward(self, control: Tensor) -> Tensor:
        size = control.shape[-1]
        padded = F.pad(control, (1, 2), mode=self._mode)
        # Measured: on the CPU twice as fast as F.conv1d, and faster than Tensor.unfold.
        neighbours = torch.stack([padded[..., d : d + size] for d in range(4)])
        return torch.einsum("dnck,df->nckf", neighbours, self.basis).flatten(2)


class ContourEncoder(nn.Module):
    """[N, 2, P] with masks [N, P] → [N, hidden], or [N, code, L] if hidden is 0."""

    def __init__(self, widths: Sequence[int], code: int, hidden: int, points: int, cyclic: bool):
        super().__init__()
        self.convolutions = nn.ModuleList()
        inputs, self.length = 3, points
        for i, width in enumerate(widths):
            stride = CONTROL_STRIDE if i == 0 else 2
            self.convolutions.append(Convolution(inputs, width, 2 * stride, stride, cyclic))
            inputs, self.length = width, self.length // stride
        self.code = Convolution(inputs, code, 1, 1, cyclic)
        self.linear = nn.Linear(code * self.length, hidden) if hidden else None

    def forward(self, contours: Tensor, mask: Tensor) -> Tensor:
        x = torch.cat([contours, mask[:, None]], 1)
        for convolution in self.convolutions:
            x = F.relu(convolution(x))
        x = self.code(x)
        return self.linear(x.flatten(1)) if self.linear else x

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        layers = [*self.convolutions, self.code]
        for i, layer in enumerate(layers):
            _load_convolution(layer, tree[f"Conv_{i}"])
        if self.linear:
            _load_linear(self.linear, tree["Dense_0"], inputs=self.length)


class ContourDecoder(nn.Module):
    """[N, hidden] or [N, code, L] → contours [N, 2, P]."""

    def __init__(self, widths: Sequence[int], code: int, hidden: int, points: int, cyclic: bool):
        super().__init__()
        self.length = points // (CONTROL_STRIDE * 2 ** (len(widths) - 1))
        self.linear = nn.Linear(hidden, code * self.length) if hidden else None
        self.first = Convolution(code, widths[-1], 3, 1, cyclic)
        self.doublings = nn.ModuleList()
        inputs = widths[-1]
        for width in reversed(widths[:-1]):
            self.doublings.append(Convolution(inputs, 2 * width, 3, 1, cyclic))
            inputs = width
        self.last = Convolution(inputs, 2, 3, 1, cyclic)
        self.spline = Spline(CONTROL_STRIDE, cyclic)

    def forward(self, code: Tensor) -> Tensor:
        x = F.relu(code)
        if self.linear:
            x = F.relu(self.linear(x)).unflatten(1, (-1, self.length))
        x = F.relu(self.first(x))
        for convolution in self.doublings:
            # A pixel shuffle: [N, C · 2, L] → [N, C, L · 2].
            x = F.relu(convolution(x)).unflatten(1, (-1, 2)).transpose(2, 3).flatten(2)
        return self.spline(self.last(x))

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        if self.linear:
            _load_linear(self.linear, tree["Dense_0"], outputs=self.length)
        _load_convolution(self.first, tree["Conv_0"])
        for i, layer in enumerate(self.doublings):
            # Flax has a factor's channels side by side, PyTorch a channel's places.
            _load_convolution(layer, tree[f"Conv_{i + 1}"], shuffle=2)
        _load_convolution(self.last, tree[f"Conv_{len(self.doublings) + 1}"])


class GaitGenerator(nn.Module):
    """G: [B, T, 2, P] and a noise contour [B, 2, P] → [B, T, 2, P]."""

    def __init__(self, widths: Sequence[int], code: int, hidden: int, points: int, cyclic: bool):
        super().__init__()
        self.gait_encoder = ContourEncoder(widths, code, hidden, points, cyclic)
        self.noise_encoder = ContourEncoder(widths, code, hidden, points, cyclic)
        self.decoder = ContourDecoder(widths, code, hidden, points, cyclic)

    def forward(self, gait: Tensor, mask: Tensor, noise: Tensor, noise_mask: Tensor) -> Tensor:
        gait_code = self.gait_encoder(gait.flatten(0, 1), mask.flatten(0, 1))
        noise_code = self.noise_encoder(noise, noise_mask)
        code = gait_code + noise_code.repeat_interleave(gait.shape[1], 0)
        return self.decoder(code).view_as(gait)

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        for name in ("gait_encoder", "noise_encoder", "decoder"):
            getattr(self, name).load(tree["params"][name])


class NoiseGenerator(nn.Module):
    """G_N: [N, S] → [N, 2, P]."""

    def __init__(self, inputs: int, widths: Sequence[int], points: int, stride: int):
        super().__init__()
        self.hidden = nn.ModuleList()
        for width in widths:
            self.hidden.append(nn.Linear(inputs, width))
            inputs = width
        self.control = nn.Linear(inputs, 2 * points // stride)
        self.spline = Spline(stride, cyclic=True)

    def forward(self, seeds: Tensor) -> Tensor:
        for layer in self.hidden:
            seeds = F.relu(layer(seeds))
        return self.spline(self.control(seeds).unflatten(1, (2, -1)))

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        for i, layer in enumerate(self.hidden):
            _load_linear(layer, tree["params"][f"Dense_{i}"])
        _load_linear(
            self.control,
            tree["params"][f"Dense_{len(self.hidden)}"],
            outputs=self.control.out_features // 2,
        )


class ContourDiscriminator(nn.Module):
    """D_S: pooled contours [N, 2, K] with shares of valid points [N, 1, K] → logits [N]."""

    def __init__(self, widths: Sequence[int], hidden: int, length: int, cyclic: bool):
        super().__init__()
        self.convolutions = nn.ModuleList()
        inputs, self.length = 3, length
        for width in widths:
            self.convolutions.append(Convolution(inputs, width, 4, 2, cyclic))
            inputs, self.length = width, (self.length + 1) // 2
        self.linear = nn.Linear(inputs * self.length, hidden)
        self.logit = nn.Linear(hidden, 1)

    def forward(self, means: Tensor, share: Tensor) -> Tensor:
        x = torch.cat([_SCALE * means, share], 1)
        for convolution in self.convolutions:
            if x.shape[-1] % 2:
                x = F.pad(x, (0, 1))
            x = F.leaky_relu(convolution(x), 0.2)
        return self.logit(F.leaky_relu(self.linear(x.flatten(1)), 0.2))[:, 0]

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        for i, layer in enumerate(self.convolutions):
            _load_convolution(layer, tree["params"][f"Conv_{i}"])
        _load_linear(self.linear, tree["params"]["Dense_0"], inputs=self.length)
        _load_linear(self.logit, tree["params"]["Dense_1"])


class TemporalDiscriminator(nn.Module):
    """D_T: sequences of pooled contours [B, T, 2, K] → logits [B]."""

    def __init__(self, embedding: int, lstm: int, frames: int, length: int):
        super().__init__()
        self.length = length
        self.embedding = nn.Linear(2 * length, embedding)
        self.lstm = nn.LSTM(embedding, lstm, batch_first=True)
        # Flax has one bias where PyTorch has two: the second stays 0.
        self.lstm.bias_ih_l0.requires_grad_(False).zero_()
        self.logit = nn.Linear(frames * lstm, 1)

    def forward(self, means: Tensor) -> Tensor:
        x, _ = self.lstm(self.embedding(_SCALE * means.flatten(2)))
        return self.logit(x.flatten(1))[:, 0]

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        tree = tree["params"]
        _load_linear(self.embedding, tree["Dense_0"], inputs=self.length)
        _load_linear(self.logit, tree["Dense_1"])
        cell = tree["OptimizedLSTMCell_0"]
        with torch.no_grad():
            # Both have the gates in the order i, f, g, o.
            for name, weight in (("i", self.lstm.weight_ih_l0), ("h", self.lstm.weight_hh_l0)):
                kernels = [cell[name + gate]["kernel"] for gate in "ifgo"]
                weight.copy_(torch.from_numpy(np.concatenate(kernels, 1).T))
            biases = [cell["h" + gate]["bias"] for gate in "ifgo"]
            self.lstm.bias_hh_l0.copy_(torch.from_numpy(np.concatenate(biases)))


def _swap(array: np.ndarray, axis: int, first: int) -> np.ndarray:
    """Turns an axis of (first, rest) into (rest, first)."""
    shape = array.shape
    split = array.reshape(*shape[:axis], first, -1, *shape[axis + 1 :])
    return split.swapaxes(axis, axis + 1).reshape(shape)


def _load_linear(layer: nn.Linear, tree: Tree, inputs: int = 1, outputs: int = 1) -> None:
    """Copies a Flax Dense layer whose inputs or outputs are that many positions of channels."""
    kernel = _swap(_swap(tree["kernel"], 0, inputs), 1, outputs)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel.T))
        layer.bias.copy_(torch.from_numpy(_swap(tree["bias"], 0, outputs)))


def _load_convolution(layer: nn.Conv1d, tree: Tree, shuffle: int = 1) -> None:
    """Copies a Flax Conv layer whose outputs are shuffled up by that factor."""
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(_swap(tree["kernel"], 2, shuffle).transpose(2, 1, 0)))
        layer.bias.copy_(torch.from_numpy(_swap(tree["bias"], 0, shuffle)))


def _adversarial(real: Tensor, fake: Tensor) -> Tensor:
    """Eqs 2 and 3, negated."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _distance(a: Tensor, b: Tensor, mask: Tensor, norm: str) -> Tensor:
    """Eqs 6 and 7: contours [..., 2, P] over valid points [..., P]."""
    difference = a - b
    each = (difference.abs() if norm == "l1" else difference.square()).sum(-2)
    return ((each * mask).sum(-1) / mask.sum(-1).clamp(min=1)).mean()


class Twin:
    """Runs the step of `gait_jax.methods.anonymizers.stgan` on one batch, again and again."""

    def __init__(
        self, config: Mapping[str, Any], batch: Mapping[str, np.ndarray], start: Tree, device: str
    ):
        """Builds the networks with the parameters of `start` ("params" and "frozen" of a state)."""
        # On a GPU, convolutions would round to TF32 by default and products would not.
        torch.backends.cudnn.allow_tf32 = False
        self._config = config = ml_collections.ConfigDict(config)
        self._device = torch.device(device)
        self._cyclic, points = config.data.layout == RESAMPLED, config.data.points
        g, d, n = config.generator, config.discriminators, config.noise_gan
        length = points // d.pool
        self.generator = GaitGenerator(g.widths, g.code, g.hidden, points, self._cyclic)
        self.spatial = ContourDiscriminator(d.widths, d.hidden, length, self._cyclic)
        self.temporal = TemporalDiscriminator(d.embedding, d.lstm, config.data.frames, length)
        self.noise_generator = NoiseGenerator(
            n.seed_size, n.generator.widths, points, n.generator.stride
        )
        for name in ("generator", "spatial", "temporal"):
            getattr(self, name).load(start["params"][name])
            getattr(self, name).to(self._device)
        self.noise_generator.load(start["frozen"]["noise_gan"])
        self.noise_generator.to(self._device).requires_grad_(False)
        self._average = [p.detach().clone() for p in self.generator.parameters()]
        self._optimizers = {
            name: torch.optim.Adam(
                [p for p in getattr(self, name).parameters() if p.requires_grad],
                optimizer.learning_rate,
                (optimizer.b1, optimizer.b2),
                # Not the default, but the fastest that PyTorch has.
                fused=True,
            )
            for name, optimizer in (
                ("generator", config.optimizer),
                ("spatial", config.optimizer_d),
                ("temporal", config.optimizer_d),
            )
        }
        contours = np.ascontiguousarray(np.moveaxis(batch["contours"], -1, -2))
        self._batch = torch.from_numpy(contours), torch.from_numpy(batch["counts"])
        self._steps = 0

    def describe(self) -> str:
        """Version, device, threads."""
        where = torch.cuda.get_device_name() if self._device.type == "cuda" else "CPU"
        return f"PyTorch {torch.__version__} eager, {where}, {torch.get_num_threads()} threads"

    def _noise(self, seeds: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        noise = self.noise_generator(seeds)
        if self._cyclic:
            return noise, torch.ones_like(noise[:, 0])
        counts = counts.float().mean(1).round()
        return lay_out(noise, counts), valid_mask(counts, noise.shape[-1])

    def _pool(self, contours: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Both discriminators look at the same means, so they are taken once."""
        return pool(contours.flatten(0, 1), mask.flatten(0, 1), self._config.discriminators.pool)

    def _temporal_logits(self, means: Tensor) -> Tensor:
        return self.temporal(means.unflatten(0, self._batch[1].shape))

    @torch.no_grad()
    def outputs(self, seeds: np.ndarray) -> dict[str, np.ndarray]:
        """What the networks give before training, laid out as in `gait_jax`."""
        gait, counts = (x.to(self._device) for x in self._batch)
        mask = valid_mask(counts, gait.shape[-1])
        noise, noise_mask = self._noise(torch.from_numpy(seeds).to(self._device), counts)
        fake = self.generator(gait, mask, noise, noise_mask)
        result = {"noise": noise.transpose(-1, -2), "generator": fake.transpose(-1, -2)}
        for name, contours in (("real", gait), ("fake", fake)):
            means, share = self._pool(contours, mask)
            result["spatial " + name] = self.spatial(means, share)
            result["temporal " + name] = self._temporal_logits(means)
        return {name: value.cpu().numpy() for name, value in result.items()}

    def step(self, seeds: np.ndarray | None = None) -> dict[str, Tensor]:
        """One training step.

        Args:
          seeds: [B, S] Gaussian seeds of G_N; drawn where missing.

        Returns:
          The losses.
        """
        config, weights, average = self._config, self._config.loss, self._average
        gait, counts = (x.to(self._device, non_blocking=True) for x in self._batch)
        mask = valid_mask(counts, gait.shape[-1])
        with torch.no_grad():
            if seeds is None:
                drawn = torch.randn(len(gait), config.noise_gan.seed_size, device=self._device)
            else:
                drawn = torch.from_numpy(seeds).to(self._device)
            noise, noise_mask = self._noise(drawn, counts)
        both = mask * noise_mask[:, None]
        fake = self.generator(gait, mask, noise, noise_mask)
        real_means, share = self._pool(gait, mask)
        fake_means, _ = self._pool(fake, mask)
        detached = fake_means.detach()

        # First step: G is fixed.
        self._optimizers["spatial"].zero_grad()
        self._optimizers["temporal"].zero_grad()
        losses = {
            "loss_d_spatial": _adversarial(
                self.spatial(real_means, share), self.spatial(detached, share)
            ),
            "loss_d_temporal": _adversarial(
                self._temporal_logits(real_means), self._temporal_logits(detached)
            ),
        }
        (losses["loss_d_spatial"] + losses["loss_d_temporal"]).backward()
        self._optimizers["spatial"].step()
        self._optimizers["temporal"].step()

        # Second step: D_S and D_T are fixed, no gradients of their parameters are taken.
        adversarial = (
            (lambda logits: -F.softplus(logits).mean())
            if weights.saturating
            else (lambda logits: F.softplus(-logits).mean())
        )
        losses |= {
            "loss_spatial": adversarial(self.spatial(fake_means, share)),
            "loss_temporal": adversarial(self._temporal_logits(fake_means)),
            "loss_reconstruction": _distance(gait, fake, mask, weights.norm),
            "loss_perturbation": _distance(noise[:, None], fake, both, weights.norm),
        }
        losses["loss_generator"] = (
            weights.spatial * losses["loss_spatial"]
            + weights.temporal * losses["loss_temporal"]
            + weights.contour * losses["loss_reconstruction"]
            + weights.alpha * weights.contour * losses["loss_perturbation"]
        )
        self._optimizers["generator"].zero_grad()
        parameters = list(self.generator.parameters())
        losses["loss_generator"].backward(inputs=parameters)
        self._optimizers["generator"].step()
        with torch.no_grad():
            rate = min(config.ema_decay, (1 + self._steps) / (10 + self._steps))
            torch._foreach_lerp_(average, parameters, 1 - rate)
        self._steps += 1
        return {name: value.detach() for name, value in losses.items()}

    def wait(self) -> None:
        """Returns when all steps are done."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()
