"""The network of `gait_jax.models.gaitset` in PyTorch, and the step that trains it."""

import ml_collections
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_silhouettes import PartDense, SetTwin, conv, load_conv, pyramid, set_max
from torch_stgan import Tree


class GaitSetNetwork(nn.Module):
    """As `gait_jax.models.gaitset.GaitSet`: [N, T, H, W] → [N, 2 · sum of parts, embedding]."""

    def __init__(self, config: ml_collections.ConfigDict):
        super().__init__()
        first, second, third = config.widths
        # Blocks of two: of frames, of the set, of frames, of the set, of frames.
        blocks = [(1, first), (first, second), (first, second), (second, third), (second, third)]
        self.convolutions = nn.ModuleList()
        for i, (inputs, width) in enumerate(blocks):
            self.convolutions.append(conv(inputs, width, 3 if i else 5))
            self.convolutions.append(conv(width, width, 3))
        self.parts = tuple(config.parts)
        self.embed = PartDense(2 * sum(self.parts), third, config.embedding)

    def _block(self, x: Tensor, number: int) -> Tensor:
        for layer in self.convolutions[2 * number : 2 * number + 2]:
            x = F.leaky_relu(layer(x), inplace=True)
        return x

    def forward(self, silhouettes: Tensor) -> Tensor:
        length = silhouettes.shape[1]
        frames = F.max_pool2d(self._block(silhouettes.flatten(0, 1)[:, None], 0), 2)
        whole = F.max_pool2d(self._block(set_max(frames, length), 1), 2)
        frames = F.max_pool2d(self._block(frames, 2), 2)
        whole = self._block(whole + set_max(frames, length), 3)
        ended = set_max(self._block(frames, 4), length)
        strips = [pyramid(branch, self.parts) for branch in (ended, whole + ended)]
        return self.embed(torch.cat(strips, 2))

    def load(self, tree: Tree) -> None:
        """Takes over Flax parameters."""
        for i, layer in enumerate(self.convolutions):
            load_conv(layer, tree[f"Conv_{i}"])
        self.embed.load(tree["PartDense_0"])


class Twin(SetTwin):
    """Runs the step on one batch, again and again."""

    def build_network(self, config):
        return GaitSetNetwork(config)
