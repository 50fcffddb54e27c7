"""The pair networks of Wu et al. (2017): do two gait energy images show the same person?

Their sizes, normalisation and initial parameters are those of the code that the first author gave
away later (github.com/itijyou/gaitrecog, train_on_gei.py): convolutions of 16, 64 and 256 channels,
7×7, without padding; behind the first two local response normalisation, a maximum over 2×2 pixels
and then ReLU; dropout behind the third.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax

from gait_jax.models.convolution import image_conv

_WIDTH = 7


def local_response_normalization(
    x: jax.Array, depth: int = 5, bias: float = 2.0, alpha: float = 1e-4
) -> jax.Array:
    """Divides each channel by how strongly its neighbours respond (Krizhevsky et al., 2012).

    x_c / (bias + alpha / depth · Σ x²)^¾, the sum over the `depth` channels around c.

    Args:
      x: [..., C].
      depth: how many channels, an odd number.
      bias: keeps silent neighbourhoods from being divided by nothing.
      alpha: weight of the sum.

    Returns:
      [..., C].
    """
    channels = np.arange(x.shape[-1])
    around = jnp.asarray(abs(channels[:, None] - channels) <= depth // 2, x.dtype)
    # A product with ones and zeros, and roots: on a CPU the gradients of shifted slices and of a
    # power take a dozen times as long.
    total = jnp.dot(jnp.square(x), around, precision=lax.Precision.HIGHEST)
    root = lax.rsqrt(bias + alpha / depth * total)
    return x * root * jnp.sqrt(root)


def max_pool(x: jax.Array) -> jax.Array:
    """The largest value of each 2×2 square: [N, H, W, C] → [N, H // 2, W // 2, C].

    By reshaping: the gradient of XLA's windowed maximum is many times slower on the CPU.
    """
    count, height, width, channels = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(count, height // 2, 2, width // 2, 2, channels).max((2, 4))


def _pooled(x: jax.Array) -> jax.Array:
    """What stands behind each of the first two convolutions."""
    return nn.relu(max_pool(local_response_normalization(x)))


def _normal(spread: float) -> nn.initializers.Initializer:
    """Initial kernels: Gaussian numbers; by the number of inputs (LeCun) where spread is 0."""
    return nn.initializers.normal(spread) if spread else nn.initializers.lecun_normal()


class _PairConvolution(nn.Module):
    """A convolution over two images' channels together, computed of each image for itself.

    A convolution is linear: of two images side by side it is the sum of what each contributes, so
    that an image costs the same in one pair as in a thousand.

    Attributes:
      features: output channels.
      spread: of the initial kernels.
      dtype: what it computes with.
    """

    features: int
    spread: float
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """[N, H, W, C] → what each image adds as a pair's left and as its right one."""
        halves = [
            image_conv(
                self.features, _WIDTH, bias, name, self.dtype, kernel_init=_normal(self.spread)
            )(x)
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
      spread: standard deviation of all initial kernels; 0 for one that depends on their inputs.
      joined: the layer at which two images meet.
    """

    dropout: float = 0.5
    dtype: Any = jnp.float32
    spread: float = 0.01
    joined = "conv1"

    def setup(self):
        kernels = _normal(self.spread)
        self.conv1 = _PairConvolution(16, self.spread, self.dtype)
        self.conv2 = image_conv(64, _WIDTH, dtype=self.dtype, kernel_init=kernels)
        self.conv3 = image_conv(256, _WIDTH, dtype=self.dtype, kernel_init=kernels)
        self.drop = nn.Dropout(self.dropout)
        self.output = nn.Dense(2, dtype=self.dtype, kernel_init=kernels)

    def embed(self, images: jax.Array) -> tuple[jax.Array, jax.Array]:
        """[N, S, S] → left and right halves of the first convolution [N, H, W, 16]."""
        return self.conv1(images[..., None])

    def compare(self, left: jax.Array, right: jax.Array, train: bool = False) -> jax.Array:
        """Left and right halves of Q pairs → logits [Q, 2]."""
        x = _pooled(self.conv2(_pooled(left + right)))
        x = self.drop(nn.relu(self.conv3(x)), deterministic=not train)
        return self.output(x.reshape(len(x), -1)).astype(jnp.float32)


class MiddleTop(_Verifier):
    """MT, "mid-level @ top": two layers see one image each, the third sees both.

    Attributes:
      dropout: share of units left out in training.
      dtype: what the layers compute with; inputs, outputs and parameters are float32.
      spread: standard deviation of all initial kernels; 0 for one that depends on their inputs.
      joined: the layer at which two images meet.
    """

    dropout: float = 0.5
    dtype: Any = jnp.float32
    spread: float = 0.01
    joined = "conv3"

    def setup(self):
        kernels = _normal(self.spread)
        self.conv1 = image_conv(16, _WIDTH, dtype=self.dtype, kernel_init=kernels)
        self.conv2 = image_conv(64, _WIDTH, dtype=self.dtype, kernel_init=kernels)
        self.conv3 = _PairConvolution(256, self.spread, self.dtype)
        self.drop = nn.Dropout(self.dropout)
        self.output = nn.Dense(2, dtype=self.dtype, kernel_init=kernels)

    def embed(self, images: jax.Array) -> tuple[jax.Array, jax.Array]:
        """[N, S, S] → left and right halves of the third convolution [N, H, W, 256]."""
        return self.conv3(_pooled(self.conv2(_pooled(self.conv1(images[..., None])))))

    def compare(self, left: jax.Array, right: jax.Array, train: bool = False) -> jax.Array:
        """Left and right halves of Q pairs → logits [Q, 2]."""
        x = self.drop(nn.relu(left + right), deterministic=not train)
        return self.output(x.reshape(len(x), -1)).astype(jnp.float32)
