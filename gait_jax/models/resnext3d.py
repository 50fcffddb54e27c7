"""A small 3-D ResNeXt: what a clip in colour shows (Hara et al., CVPR 2018).

As theirs, bottleneck blocks whose middle convolution is 3×3×3 and in groups (cardinality), which
halve time, rows and columns from stage to stage. Unlike theirs, which has 101 layers for pictures
of 112×112: few layers, a first one that looks at patches of 4×4 pixels in place of 7×7×7 and a
pooling, and normalisation over a clip's groups of channels, not over the batch.
"""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

# Rows and columns of what the first layer looks at, in three frames.
PATCH = 4
# What is multiplied of the steps from frame to frame.
_STEPS = 5.0
# Output channels of a block over those of its middle, as printed.
_WIDER = 2


class GroupedConv(nn.Module):
    """A 3×3×3 convolution in groups, without a bias.

    On CPUs as one matrix product over all 27 places, whose kernel is 0 between groups: XLA's own
    takes ten times as long there, its gradients more.

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
        kernel, x = kernel.astype(self.dtype), x.astype(self.dtype)
        if jax.default_backend() == "cpu":
            kernel = kernel.reshape(27, own, groups, own)
            kernel = jnp.einsum("kcgf,hg->khcgf", kernel, jnp.eye(groups, dtype=self.dtype))
            return jnp.dot(_places(x, self.stride), kernel.reshape(-1, self.features))
        return lax.conv_general_dilated(
            x,
            kernel,
            (self.stride,) * 3,
            ((1, 1),) * 3,
            dimension_numbers=("NDHWC", "DHWIO", "NDHWC"),
            feature_group_count=groups,
        )


def _places(x: jax.Array, stride: int) -> jax.Array:
    """What a 3×3×3 kernel sees, side by side: [B, T, H, W, C] → [B, T', H', W', 27 · C]."""
    around = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
    seen = []
    for shift in itertools.product(range(3), repeat=3):
        part = tuple(
            slice(first, first + size, stride)
            for first, size in zip(shift, x.shape[1:4], strict=True)
        )
        seen.append(around[:, *part])
    return jnp.concatenate(seen, axis=-1)


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
        x = nn.Dense(self.stem, use_bias=False, dtype=self.dtype)(_patches(clips))
        x = nn.relu(nn.GroupNorm(self.cardinality, dtype=self.dtype)(x))
        for width, count in zip(self.widths, self.blocks, strict=True):
            for number in range(count):
                stride = 1 if number else 2
                x = Block(width, self.cardinality, stride, self.dtype)(x)
        return nn.Dense(1)(x.astype(jnp.float32).mean((1, 2, 3)))[:, 0]


def _patches(clips: jax.Array) -> jax.Array:
    """[B, T, S, S, 3] → [B, T, S/4, S/4, 144]: patches, and how they differ from those beside them.

    A layer of the frames before and after would know the same, but begins with what does not
    move: shades of people and scenes are many times as far apart.
    """
    count, frames, size = clips.shape[:3]
    across = size // PATCH
    x = clips.reshape(count, frames, across, PATCH, across, PATCH, 3).swapaxes(3, 4)
    x = x.reshape(count, frames, across, across, -1)
    step = _STEPS * (x[:, 1:] - x[:, :-1])
    around = jnp.pad(step, ((0, 0), (1, 1), *((0, 0),) * 3))
    return jnp.concatenate([x, around[:, :-1], around[:, 1:]], axis=-1)
