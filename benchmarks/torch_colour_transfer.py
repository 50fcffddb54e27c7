"""The network and step of `gait_jax.methods.colourisers.colour_transfer` in PyTorch.

As PyTorch has them: channels first, strided 4×4 convolutions, and pixel shuffles in place of
transposed convolutions, whose bias would be the same for all four pixels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_stgan import Mode, Tree, adam, load_linear, move_average

from gait_jax.models.colour_transfer import _LEAST, _SAME_PLACE, offsets


def _moved(image: Tensor, moves: Sequence[tuple[int, int]], k: int) -> Tensor:
    """What stands at the k-th of the moves from each pixel, 0 beyond the border: [N, C, H, W]."""
    far = max(abs(step) for move in moves for step in move)
    rows, columns = (far + step for step in moves[k])
    height, width = image.shape[2:]
    padded = F.pad(image, (far, far, far, far))
    return padded[..., rows : rows + height, columns : columns + width]


def _load(layer: nn.Conv2d, kernel: np.ndarray, bias: np.ndarray) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))
        layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))


def _load_down(layer: nn.Conv2d, tree: Tree) -> None:
    """A kernel of 2×2 squares of pixels, [2, 2, 4 C, F], as one of 4×4 pixels."""
    kernel = tree["kernel"]
    *_, folded, features = kernel.shape
    split = kernel.reshape(2, 2, 2, 2, folded // 4, features)
    # (row of squares, column, row within, column within, C, F)
    kernel = split.transpose(5, 4, 0, 2, 1, 3).reshape(features, folded // 4, 4, 4)
    _load(layer, kernel, tree["bias"])


def _load_up(layer: nn.Conv2d, tree: Tree) -> None:
    """Flax has a square's pixels outside their features, PyTorch's pixel shuffle inside."""
    kernel, bias = tree["kernel"], tree["bias"]
    *_, channels, unfolded = kernel.shape
    split = kernel.reshape(2, 2, channels, 2, 2, unfolded // 4)
    kernel = split.transpose(5, 3, 4, 2, 0, 1).reshape(unfolded, channels, 2, 2)
    _load(layer, kernel, bias.reshape(4, -1).T.reshape(-1))


class ColourTransferNetwork(nn.Module):
    """Φ: as `gait_jax.models.colour_transfer.ColourTransferNetwork`, channels first."""

    def __init__(self, config: ml_collections.ConfigDict, size: int):
        super().__init__()
        widths, self.copies, self.scene = config.widths, config.copy, config.background
        self.moves = offsets(config.reach) if config.copy else []
        sizes = [4, *widths]
        pairs = zip(sizes[:-1], sizes[1:], strict=True)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairs)
        self.side = size // 2 ** len(widths)
        self.into = nn.Linear(widths[-1] * self.side**2, config.hidden)
        self.out = nn.Linear(config.hidden, widths[-1] * self.side**2)
        self.up, inputs = nn.ModuleList(), widths[-1]
        for width, skipped in zip((*widths[-2::-1], 16), sizes[-2::-1], strict=True):
            self.up.append(nn.Conv2d(inputs, 4 * width, 2, 1, 1))
            inputs = width + (skipped if config.copy else 0)
        self.last = nn.Conv2d(inputs, 4 + len(self.moves), 3, 1, 1)
        self.steepness = nn.Parameter(torch.tensor(100.0))
        self.threshold = nn.Parameter(torch.tensor(0.1))

    def forward(self, image: Tensor, mask: Tensor, background: Tensor) -> tuple[Tensor, Tensor]:
        """[N, 3, S, S], [N, 1, S, S] and [N, 3, S, S] → paint [N, 3, S, S], shares."""
        x, maps = torch.cat([2 * image - 1, mask], 1), []
        for layer in self.down:
            maps.append(x)
            x = F.leaky_relu(layer(x), 0.2)
        x = F.relu(self.out(F.relu(self.into(x.flatten(1)))))
        x = x.unflatten(1, (-1, self.side, self.side))
        for layer, skipped in zip(self.up, maps[::-1], strict=True):
            x = F.relu(F.pixel_shuffle(layer(x), 2)[..., 1:-1, 1:-1])
            if self.copies:
                x = torch.cat([x, skipped], 1)
        x = self.last(x).float()
        paint, logits = x[:, :3], x[:, 3:]
        if self.copies:
            logits = torch.cat([logits[:, :1], logits[:, 1:2] + _SAME_PLACE, logits[:, 2:]], 1)
        if self.copies and self.scene:
            difference = (image - background).abs().amax(1, keepdim=True)
            person = torch.sigmoid(self.steepness * (difference - self.threshold))
            each = [_moved(person, self.moves, k) for k in range(len(self.moves))]
            shows = torch.log(torch.cat(each, 1) + _LEAST)
            logits = torch.cat([logits[:, :1], logits[:, 1:] + shows], 1)
        return torch.sigmoid(paint), torch.softmax(logits, 1)

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        tree = tree["params"]
        for i, layer in enumerate(self.down):
            _load_down(layer, tree[f"Conv_{i}"])
        places = self.side**2
        load_linear(self.into, tree["Dense_0"], inputs=places)
        load_linear(self.out, tree["Dense_1"], outputs=places)
        for i, layer in enumerate(self.up, start=len(self.down)):
            _load_up(layer, tree[f"Conv_{i}"])
        last = tree[f"Conv_{len(self.down) + len(self.up)}"]
        _load(self.last, last["kernel"].transpose(3, 2, 0, 1), last["bias"])
        with torch.no_grad():
            for name in ("steepness", "threshold") if "steepness" in tree else ():
                getattr(self, name).copy_(torch.tensor(float(tree[name])))


class Twin:
    """Runs the step on one batch, again and again."""

    def __init__(
        self, config: Mapping[str, Any], batch: Mapping[str, np.ndarray], start: Tree, mode: Mode
    ):
        """Builds the network with the parameters of `start` ("params" of a state)."""
        mode.begin()
        config = ml_collections.ConfigDict(config)
        self._mode, self._device = mode, torch.device(mode.device)
        self.network = ColourTransferNetwork(config.network, config.data.size)
        self.network.load(start["params"]["network"])
        # The faster order of what is stored on a GPU.
        self.network.to(self._device, memory_format=torch.channels_last)
        self._average = [p.detach().clone() for p in self.network.parameters()]
        self._optimizer = adam(self.network.parameters(), config.optimizer)
        self._batch = {k: self._put(v) for k, v in batch.items()}
        loss = config.loss
        self._overlap, self._kernel, self._grid = loss.overlap, loss.kernel, tuple(loss.grid)
        self._weights = loss.reconstruction, loss.style
        self._decay, self._steps = config.ema_decay, 0
        self._losses = mode.wrap(self._lose)

    def _put(self, array: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(array).to(self._device)
        if tensor.ndim == 3:
            return tensor[:, None]
        return tensor.permute(0, 3, 1, 2)

    def _output(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        image, mask = batch["images"].float() / 255, batch["masks"].float()
        background = batch["backgrounds"].float() / 255
        with self._mode.autocast():
            paint, shares = self.network(image, mask, background)
        output = shares[:, :1] * paint
        for k in range(shares.shape[1] - 1):
            output = output + shares[:, k + 1 : k + 2] * _moved(image, self.network.moves, k)
        return image, mask, mask * output, shares[:, :1]

    def _grams(self, image: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
        count, channels, height, width = image.shape
        rows, columns = self._grid
        cells = (rows, height // rows, columns, width // columns)
        pixels = (image * region).reshape(count, channels, *cells)
        grams = torch.einsum("nirhcw,njrhcw->nrcij", pixels, pixels).flatten(1, 2)
        sizes = region.reshape(count, *cells).sum((2, 4)).flatten(1)
        return grams / sizes.clamp(min=1)[..., None, None], sizes

    def _nearest(self, sizes: Tensor, cell: tuple[int, int]) -> Tensor:
        """As `gait_jax.losses.nearest_patches`: distances are in pixels."""
        rows, columns = self._grid
        index = torch.arange(rows * columns, device=sizes.device)
        row, column = index // columns, index % columns
        down, across = cell[0] * (row[:, None] - row), cell[1] * (column[:, None] - column)
        squared = down**2 + across**2
        far = torch.full((), torch.inf, device=sizes.device)
        return torch.where(sizes[:, None] > 0, squared.float(), far).argmin(-1)

    def _lose(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        image, mask, output, painted = self._output(batch)
        centre = mask * batch["originals"] if self._overlap else mask
        if self._kernel > 1:
            # Beyond the border counts as outside.
            around = self._kernel // 2
            padded = F.pad(centre, (around,) * 4)
            centre = -F.max_pool2d(-padded, self._kernel, 1)
        edge = mask - centre
        each = (image - output).abs().mean(1, keepdim=True) * centre
        target, target_sizes = self._grams(image, centre)
        found, sizes = self._grams(output, edge)
        cell = image.shape[2] // self._grid[0], image.shape[3] // self._grid[1]
        nearest = self._nearest(target_sizes, cell)[..., None, None].expand_as(target)
        matched = (sizes > 0) & (target_sizes.sum(-1, keepdim=True) > 0)
        apart = (target.gather(1, nearest) - found).abs().sum((-2, -1))
        losses = {
            "loss_reconstruction": (
                each.sum((1, 2, 3)) / centre.sum((1, 2, 3)).clamp(min=1)
            ).mean(),
            "loss_style": (apart * matched).sum(-1).mean(),
            "painted_centre": (painted * centre).sum() / centre.sum().clamp(min=1),
            "painted_edge": (painted * edge).sum() / edge.sum().clamp(min=1),
        }
        reconstruction, style = self._weights
        losses["loss"] = (
            reconstruction * losses["loss_reconstruction"] + style * losses["loss_style"]
        )
        return losses

    def step(self, seeds: None = None) -> dict[str, Tensor]:
        """One training step; returns the losses. Nothing is drawn from seeds."""
        del seeds
        self._mode.step()
        losses = self._losses(self._batch)
        self._optimizer.zero_grad()
        losses["loss"].backward()
        self._optimizer.step()
        move_average(self._average, self.network.parameters(), self._steps, self._decay)
        self._steps += 1
        return {name: value.detach() for name, value in losses.items()}

    def wait(self) -> None:
        """Returns when all steps are done."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()
