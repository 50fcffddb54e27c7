"""A small 3-D ResNeXt: what a clip in colour shows (Hara et al., CVPR 2018).

As theirs, bottleneck blocks whose middle convolution is 3×3×3 and in groups (cardinality), which
halve time, rows and columns from stage to stage. Unlike theirs, which has 101 layers for pictures
of 112×112: few layers, a first one that looks at patches of 4×4 pixels in place of 7×7×7 and a
pooling, and normalisation over a clip's groups of channels, not over the batch.
"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

# Rows and columns of what the first layer looks at, and frames.
PATCH, _MOMENTS = 4, 3
# Output channels of a block over those of its middle, as printed.
_WIDER = 2


class GroupedConv(nn.Module):
    """A 3×3×3 convolution in groups, without a bias.

    On CPUs XLA's own takes several times as long as one over all channels whose kernel is 0 between
    groups, even where there are 8.

    Attributes:
      features: output channels, as many as come in.
      groups: of them, which do not see each other.
      stride: of time, rows and columns.
      dtype: what it computes with.
    """

    features: int
    groups: int
    stride: int = 1
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, T, H, W, features] → [B, ⌈T / stride⌉, ⌈H / stride⌉, ⌈W / stride⌉, features]."""
        own, groups = self.features // self.groups, self.groups
        kernel = self.param("kernel", nn.initializers.he_normal(), (3, 3, 3, own, self.features))
        if jax.default_backend() == "cpu":
            kernel = kernel.reshape(3, 3, 3, own, groups, own)
            kernel = jnp.einsum("ijkcgf,hg->ijkhcgf", kernel, jnp.eye(groups))
            kernel, groups = kernel.reshape(3, 3, 3, self.features, self.features), 1
        return lax.conv_general_dilated(
            x.astype(self.dtype),
            kernel.astype(self.dtype),
            (self.stride,) * 3,
            ((1, 1),) * 3,
            dimension_numbers=("NDHWC", "DHWIO", "NDHWC"),
            feature_group_count=groups,
        )


class Block(nn.Module):
    """A bottleneck block.

    Attributes:
      width: channels of its middle.
      cardinality: groups of them.
      stride: of its middle, and of what it is added to.
      dtype: what it computes with.
    """

    width: int
    cardinality: int
    stride: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, T, H, W, C] → [B, ⌈T / stride⌉, ⌈H / stride⌉, ⌈W / stride⌉, 2 · width]."""

        def pointwise(features, y):
            y = nn.Dense(features, use_bias=False, dtype=self.dtype)(y)
            return nn.GroupNorm(self.cardinality, dtype=self.dtype)(y)

        y = nn.relu(pointwise(self.width, x))
        y = GroupedConv(self.width, self.cardinality, self.stride, self.dtype)(y)
        y = nn.relu(nn.GroupNorm(self.cardinality, dtype=self.dtype)(y))
        y = pointwise(_WIDER * self.width, y)
        if x.shape != y.shape:
            every = self.stride
            x = pointwise(_WIDER * self.width, x[:, ::every, ::every, ::every])
        return nn.relu(x + y)


class ResNeXt3D(nn.Module):
    """How surely a clip shows what it was taught.

    Attributes:
      stem: channels of the first layer.
      widths: of the blocks' middles, by stage; each stage halves its input.
      blocks: how many, by stage.
      cardinality: groups of channels; divides all of these numbers.
      dtype: what the layers compute with.
    """

    stem: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    cardinality: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, clips: jax.Array) -> jax.Array:
        """[B, T, S, S, 3] in -1..1 → [B] float32 logits; S is a multiple of 4."""
        x = nn.Conv(
            self.stem,
            (_MOMENTS, PATCH, PATCH),
            (1, PATCH, PATCH),
            padding=((1, 1), (0, 0), (0, 0)),
            use_bias=False,
            dtype=self.dtype,
        )(clips.astype(self.dtype))
        x = nn.relu(nn.GroupNorm(self.cardinality, dtype=self.dtype)(x))
        for width, count in zip(self.widths, self.blocks, strict=True):
            for number in range(count):
                stride = 1 if number else 2
                x = Block(width, self.cardinality, stride, self.dtype)(x)
        return nn.Dense(1)(x.astype(jnp.float32).mean((1, 2, 3)))[:, 0]
