"""The network of `gait_jax.models.gaitbase` in PyTorch, and the step that trains it."""

import ml_collections
import torch.nn.functional as F
from torch import Tensor, nn
from torch_silhouettes import PartDense, SetTwin, conv, load_conv, load_norm, pyramid, set_max
from torch_stgan import Tree


class _Normed(nn.Module):
    """A convolution and batch norm."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv, self.norm = conv(inputs, width, kernel, stride), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))

    def load(self, tree: Tree, number: int) -> None:
        """Takes over the Flax parameters of a number."""
        load_conv(self.conv, tree[f"Conv_{number}"])
        load_norm(self.norm, tree[f"BatchNorm_{number}"])


class _Residual(nn.Module):
    """Two convolutions with batch norm, beside a way around them."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        layers = [_Normed(inputs, width, 3, stride), _Normed(width, width, 3)]
        # The way around, where it cannot be the input itself.
        if stride > 1 or inputs != width:
            layers.append(_Normed(inputs, width, 1, stride))
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        first, second, *around = self.layers
        inner = second(F.relu(first(x), inplace=True))
        for layer in around:
            x = layer(x)
        return F.relu(inner + x, inplace=True)

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        for i, layer in enumerate(self.layers):
            layer.load(tree, i)


class GaitBaseNetwork(nn.Module):
    """As `gait_jax.models.gaitbase.GaitBase`: [N, T, H, W] → [N, sum of parts, embedding]."""

    def __init__(self, config: ml_collections.ConfigDict):
        super().__init__()
        self.first = _Normed(1, config.widths[0], 3)
        inputs = (config.widths[0], *config.widths[:-1])
        self.blocks = nn.ModuleList(
            _Residual(*sizes) for sizes in zip(inputs, config.widths, config.strides, strict=True)
        )
        self.parts = tuple(config.parts)
        self.embed = PartDense(sum(self.parts), config.widths[-1], config.embedding)

    def forward(self, silhouettes: Tensor) -> Tensor:
        x = F.relu(self.first(silhouettes.flatten(0, 1)[:, None]), inplace=True)
        for block in self.blocks:
            x = block(x)
        return self.embed(pyramid(set_max(x, silhouettes.shape[1]), self.parts))

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        self.first.load(tree, 0)
        for i, block in enumerate(self.blocks):
            block.load(tree[f"_Residual_{i}"])
        self.embed.load(tree["PartDense_0"])


class Twin(SetTwin):
    """Runs the step on one batch, again and again."""

    def build_network(self, config):
        return GaitBaseNetwork(config)
