"""ST-GAN's networks and training step in PyTorch: what is measured against.

The same networks as in `gait_jax/models`, written as PyTorch has them: channels first, `nn.Conv1d`,
`nn.LSTM`, `torch.optim.Adam`. Parameters come from the Flax networks; where a layer's units run
over positions and channels, they are put in the order of channels first.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
import torch
import torch.nn.functional as F
from measuring import BFLOAT16, FLOAT32
from torch import Tensor, nn

from gait_jax.gait.codec import RESAMPLED
from gait_jax.models import spline
from gait_jax.models.discriminators import _SCALE
from gait_jax.models.generators import CONTROL_STRIDE

Tree = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Mode:
    """How a twin computes.

    Attributes:
      device: of PyTorch.
      precision: of `measuring`; bfloat16 is autocast, as PyTorch has it.
      compiled: the mode of `torch.compile`; eager where empty.
    """

    device: str
    precision: str = FLOAT32
    compiled: str = ""

    def __str__(self) -> str:
        return f"torch.compile ({self.compiled})" if self.compiled else "eager"

    def begin(self) -> None:
        """Tells PyTorch of the precision, for the whole process."""
        # On a GPU, convolutions would round to TF32 by default and products would not.
        torch.backends.cudnn.allow_tf32 = self.precision != FLOAT32
        torch.backends.cuda.matmul.allow_tf32 = self.precision != FLOAT32

    def autocast(self) -> torch.autocast:
        """To be entered where layers compute."""
        kind = torch.device(self.device).type
        return torch.autocast(kind, torch.bfloat16, enabled=self.precision == BFLOAT16)

    def step(self) -> None:
        """To be called where a step begins: graphs of the last one may be used again."""
        if self.compiled == "reduce-overhead":
            torch.compiler.cudagraph_mark_step_begin()

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is to be called."""
        if not self.compiled:
            return function
        return torch.compile(function, mode=self.compiled, dynamic=False)


def adam(parameters: Iterable[nn.Parameter], config: Mapping[str, Any]) -> torch.optim.Adam:
    """The optimiser of a configuration: learning_rate, b1, b2."""
    return torch.optim.Adam(
        [p for p in parameters if p.requires_grad],
        config["learning_rate"],
        (config["b1"], config["b2"]),
        # Not the default, but the fastest that PyTorch has.
        fused=True,
    )


def move_average(
    average: list[Tensor], parameters: Iterable[Tensor], steps: int, decay: float
) -> None:
    """As `gait_jax.methods.base.move_average`, in place."""
    rate = min(decay, (1 + steps) / (10 + steps))
    with torch.no_grad():
        torch._foreach_lerp_(average, list(parameters), 1 - rate)


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
        # The contours themselves stay float32, whatever the layers compute with.
        with torch.autocast(control.device.type, enabled=False):
            padded = F.pad(control.float(), (1, 2), mode=self._mode)
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
            load_linear(self.linear, tree["Dense_0"], inputs=self.length)


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
            load_linear(self.linear, tree["Dense_0"], outputs=self.length)
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
            load_linear(layer, tree["params"][f"Dense_{i}"])
        load_linear(
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
        load_linear(self.linear, tree["params"]["Dense_0"], inputs=self.length)
        load_linear(self.logit, tree["params"]["Dense_1"])


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
        load_linear(self.embedding, tree["Dense_0"], inputs=self.length)
        load_linear(self.logit, tree["Dense_1"])
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


def load_linear(layer: nn.Linear, tree: Tree, inputs: int = 1, outputs: int = 1) -> None:
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


def adversarial(real: Tensor, fake: Tensor) -> Tensor:
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
        self, config: Mapping[str, Any], batch: Mapping[str, np.ndarray], start: Tree, mode: Mode
    ):
        """Builds the networks with the parameters of `start` ("params" and "frozen" of a state)."""
        mode.begin()
        config = ml_collections.ConfigDict(config)
        self._mode, self._device = mode, torch.device(mode.device)
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
        self._optimizer = adam(self.generator.parameters(), config.optimizer)
        self._discriminators = [
            p
            for network in (self.spatial, self.temporal)
            for p in network.parameters()
            if p.requires_grad
        ]
        self._optimizers_d = [
            adam(network.parameters(), config.optimizer_d)
            for network in (self.spatial, self.temporal)
        ]
        contours = np.moveaxis(batch["contours"], -1, -2)
        self._given = contours.shape[-1]
        # All padding is computed here, as the layout has it.
        beyond = [(0, 0)] * 3 + [(0, points - contours.shape[-1])]
        contours = np.ascontiguousarray(np.pad(contours, beyond))
        self._batch = (
            torch.from_numpy(contours).to(self._device),
            torch.from_numpy(batch["counts"]).to(self._device),
        )
        # Plain values: what is compiled should not look into a configuration.
        self._shape, self._size, self._seed_size = batch["counts"].shape, d.pool, n.seed_size
        self._weights = {k: config.loss[k] for k in ("alpha", "spatial", "temporal", "contour")}
        self._norm, self._saturating = config.loss.norm, config.loss.saturating
        self._decay, self._steps = config.ema_decay, 0
        self._made = mode.wrap(self._make)
        self._d_losses = mode.wrap(self._lose_d)
        self._g_losses = mode.wrap(self._lose_g)

    def describe(self) -> str:
        """Version, device, threads."""
        where = torch.cuda.get_device_name() if self._device.type == "cuda" else "CPU"
        return (
            f"PyTorch {torch.__version__} {self._mode}, {where}, {torch.get_num_threads()} threads"
        )

    def _noise(self, seeds: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        noise = self.noise_generator(seeds)
        if self._cyclic:
            return noise, torch.ones_like(noise[:, 0])
        counts = counts.float().mean(1).round()
        return lay_out(noise, counts), valid_mask(counts, noise.shape[-1])

    def _pool(self, contours: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Both discriminators look at the same means, so they are taken once."""
        return pool(contours.flatten(0, 1), mask.flatten(0, 1), self._size)

    def _temporal_logits(self, means: Tensor) -> Tensor:
        return self.temporal(means.unflatten(0, self._shape))

    def _make(self, gait: Tensor, counts: Tensor, seeds: Tensor) -> dict[str, Tensor]:
        """What G makes of a batch, and what belongs to it."""
        mask = valid_mask(counts, gait.shape[-1])
        with torch.no_grad():
            noise, noise_mask = self._noise(seeds, counts)
        fake = self.generator(gait, mask, noise, noise_mask)
        real_means, share = self._pool(gait, mask)
        fake_means, _ = self._pool(fake, mask)
        return {
            "fake": fake,
            "mask": mask,
            "noise": noise,
            "both": mask * noise_mask[:, None],
            "real_means": real_means,
            "fake_means": fake_means,
            "share": share,
        }

    def _lose_d(self, real: Tensor, fake: Tensor, share: Tensor) -> dict[str, Tensor]:
        """Eqs 2 and 3, of pooled contours."""
        return {
            "loss_d_spatial": adversarial(self.spatial(real, share), self.spatial(fake, share)),
            "loss_d_temporal": adversarial(
                self._temporal_logits(real), self._temporal_logits(fake)
            ),
        }

    def _lose_g(self, gait: Tensor, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Eq 8."""
        deceive = (
            (lambda logits: -F.softplus(logits).mean())
            if self._saturating
            else (lambda logits: F.softplus(-logits).mean())
        )
        fake, means, weights = made["fake"], made["fake_means"], self._weights
        losses = {
            "loss_spatial": deceive(self.spatial(means, made["share"])),
            "loss_temporal": deceive(self._temporal_logits(means)),
            "loss_reconstruction": _distance(gait, fake, made["mask"], self._norm),
            "loss_perturbation": _distance(made["noise"][:, None], fake, made["both"], self._norm),
        }
        losses["loss_generator"] = (
            weights["spatial"] * losses["loss_spatial"]
            + weights["temporal"] * losses["loss_temporal"]
            + weights["contour"] * losses["loss_reconstruction"]
            + weights["alpha"] * weights["contour"] * losses["loss_perturbation"]
        )
        return losses

    @torch.no_grad()
    def outputs(self, seeds: np.ndarray) -> dict[str, np.ndarray]:
        """What the networks give before training, laid out as in the batch."""
        gait, counts = self._batch
        with self._mode.autocast():
            made = self._make(gait, counts, torch.from_numpy(seeds).to(self._device))
            result = {
                "noise": made["noise"][..., : self._given].transpose(-1, -2),
                "generator": made["fake"][..., : self._given].transpose(-1, -2),
            }
            for name in ("real", "fake"):
                means = made[f"{name}_means"]
                result["spatial " + name] = self.spatial(means, made["share"])
                result["temporal " + name] = self._temporal_logits(means)
        return {name: value.float().cpu().numpy() for name, value in result.items()}

    def step(self, seeds: np.ndarray | None = None) -> dict[str, Tensor]:
        """One training step.

        Args:
          seeds: [B, S] Gaussian seeds of G_N; drawn where missing.

        Returns:
          The losses.
        """
        self._mode.step()
        gait, counts = self._batch
        if seeds is None:
            drawn = torch.randn(len(gait), self._seed_size, device=self._device)
        else:
            drawn = torch.from_numpy(seeds).to(self._device)
        with self._mode.autocast():
            made = self._made(gait, counts, drawn)
            fake_means = made["fake_means"].detach()
            # First step: G is fixed.
            losses = self._d_losses(made["real_means"], fake_means, made["share"])
        for optimizer in self._optimizers_d:
            optimizer.zero_grad()
        (losses["loss_d_spatial"] + losses["loss_d_temporal"]).backward()
        for optimizer in self._optimizers_d:
            optimizer.step()

        # Second step: D_S and D_T are fixed, no gradients of their parameters are taken.
        for parameter in self._discriminators:
            parameter.requires_grad_(False)
        with self._mode.autocast():
            losses |= self._g_losses(gait, made)
        self._optimizer.zero_grad()
        losses["loss_generator"].backward()
        for parameter in self._discriminators:
            parameter.requires_grad_(True)
        self._optimizer.step()
        move_average(self._average, self.generator.parameters(), self._steps, self._decay)
        self._steps += 1
        return {name: value.detach() for name, value in losses.items()}

    def wait(self) -> None:
        """Returns when all steps are done."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()
