"""The pair networks of Wu et al. (2017): do two gait energy images show the same person?"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.convolution import image_conv

_WIDTH = 7


def local_response_normalization(
    x: jax.Array, depth: int = 5, bias: float = 1.0, alpha: float = 1e-4, beta: float = 0.75
) -> jax.Array:
    """Divides each channel by how strongly its neighbours respond (Krizhevsky et al., 2012).

    x_c / (bias + alpha / depth · Σ x²)^beta, the sum over the `depth` channels around c.

    Args:
      x: [..., C].
      depth: how many channels, an odd number.
      bias: keeps silent neighbourhoods from being divided by nothing.
      alpha: weight of the sum.
      beta: exponent.

    Returns:
      [..., C].
    """
    around = depth // 2
    squares = jnp.pad(jnp.square(x), [(0, 0)] * (x.ndim - 1) + [(around, around)])
    total = sum(squares[..., i : i + x.shape[-1]] for i in range(depth))
    return x / (bias + alpha / depth * total) ** beta


def max_pool(x: jax.Array) -> jax.Array:
    """The largest value of each 2×2 square: [N, H, W, C] → [N, H // 2, W // 2, C].

    By reshaping: the gradient of XLA's windowed maximum is many times slower on the CPU.
    """
    count, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(count, height // 2, 2, width // 2, 2, channels).max((2, 4))


class _PairConvolution(nn.Module):
    """A convolution over two images' channels together, computed of each image for itself.

    A convolution is linear: of two images side by side it is the sum of what each contributes, so
    that an image costs the same in one pair as in a thousand.

    Attributes:
      features: output channels.
      dtype: what it computes with.
    """

    features: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """[N, H, W, C] → what each image adds as a pair's left and as its right one."""
        halves = [
            image_conv(self.features, _WIDTH, use_bias=bias, name=name, dtype=self.dtype)(x)
            for name, bias in (("left", False), ("right", True))
        ]
        return halves[0], halves[1]


class _Verifier(nn.Module):
    """What LB and MT share: every image goes through `embed` once, every pair through `compare`."""

    def __call__(self, images: jax.Array, pairs: jax.Array, train: bool = False) -> jax.Array:
        """Judges pairs of images.

        Args:
          images: [N, S, S] gait energy images.
          pairs: [Q, 2] int, indices of the left and the right image.
          train: whether dropout draws (needs the stream "dropout").

        Returns:
          [Q, 2] logits: other person, same person.
        """
        left, right = self.embed(images)
        return self.compare(left[pairs[:, 0]], right[pairs[:, 1]], train)


class LocalBottom(_Verifier):
    """LB, "local @ bottom": two images are one picture of two channels from the start.

    Attributes:
      dropout: share of units left out in training.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
      joined: the layer at which two images meet.
    """

    dropout: float = 0.5
    dtype: Any = jnp.float32
    joined = "conv1"

    def setup(self):
        self.conv1 = _PairConvolution(16, self.dtype)
        self.conv2 = image_conv(64, _WIDTH, dtype=self.dtype)
        self.conv3 = image_conv(256, _WIDTH, dtype=self.dtype)
        self.drop = nn.Dropout(self.dropout)
        self.output = nn.Dense(2, dtype=self.dtype)

    def embed(self, images: jax.Array) -> tuple[jax.Array, jax.Array]:
        """[N, S, S] → left and right halves of the first convolution [N, H, W, 16]."""
        return self.conv1(images[..., None])

    def compare(self, left: jax.Array, right: jax.Array, train: bool = False) -> jax.Array:
        """Left and right halves of Q pairs → logits [Q, 2]."""
        x = max_pool(local_response_normalization(nn.relu(left + right)))
        x = max_pool(nn.relu(self.conv2(x)))
        x = self.drop(nn.relu(self.conv3(x)), deterministic=not train)
        return self.output(x.reshape(len(x), -1)).astype(jnp.float32)


class MiddleTop(_Verifier):
    """MT, "mid-level @ top": two layers see one image each, the third sees both.

    Attributes:
      dropout: share of units left out in training.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
      joined: the layer at which two images meet.
    """

    dropout: float = 0.5
    dtype: Any = jnp.float32
    joined = "conv3"

    def setup(self):
        self.conv1 = image_conv(16, _WIDTH, dtype=self.dtype)
        self.conv2 = image_conv(64, _WIDTH, dtype=self.dtype)
        self.conv3 = _PairConvolution(256, self.dtype)
        self.drop = nn.Dropout(self.dropout)
        self.output = nn.Dense(2, dtype=self.dtype)

    def embed(self, images: jax.Array) -> tuple[jax.Array, jax.Array]:
        """[N, S, S] → left and right halves of the third convolution [N, H, W, 256]."""
        x = max_pool(local_response_normalization(nn.relu(self.conv1(images[..., None]))))
        return self.conv3(max_pool(nn.relu(self.conv2(x))))

    def compare(self, left: jax.Array, right: jax.Array, train: bool = False) -> jax.Array:
        """Left and right halves of Q pairs → logits [Q, 2]."""
        x = self.drop(nn.relu(left + right), deterministic=not train)
        return self.output(x.reshape(len(x), -1)).astype(jnp.float32)
