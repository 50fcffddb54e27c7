"""Networks that look at windows of aligned silhouettes without knowing whose they are."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.silhouettes import conv, leaky

# By how much the convolutions of a frame shrink it.
STRIDE = 8


class FrameEncoder(nn.Module):
    """What a frame shows.

    Attributes:
      widths: channels of three convolutions of stride 2.
      code: numbers of a frame.
      dtype: what the layers compute with.
    """

    widths: tuple[int, ...]
    code: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, frames: jax.Array) -> jax.Array:
        """[N, H, W] in 0..1 → [N, code] float32."""
        x = frames[..., None].astype(self.dtype)
        for width, kernel in zip(self.widths, (5, 3, 3), strict=True):
            x = leaky(conv(width, kernel, stride=2, dtype=self.dtype)(x))
        code = nn.Dense(self.code, dtype=self.dtype)(x.reshape(len(x), -1))
        return code.astype(jnp.float32)


class FrameDecoder(nn.Module):
    """A frame from its code.

    Attributes:
      widths: channels, as the encoder's.
      rows: of a frame, a multiple of 8.
      columns: of a frame.
      dtype: what the layers compute with.
    """

    widths: tuple[int, ...]
    rows: int
    columns: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, codes: jax.Array) -> jax.Array:
        """[N, code] → [N, H, W] float32 logits."""
        rows, columns = self.rows // STRIDE, -(-self.columns // STRIDE)
        quarter, half = -(-self.columns // 4), -(-self.columns // 2)
        first, second, third = self.widths
        x = nn.Dense(rows * columns * third, dtype=self.dtype)(codes)
        x = leaky(x).reshape(-1, rows, columns, third)
        x = leaky(conv(second, 3, dtype=self.dtype)(_twice(x)[:, :, :quarter]))
        x = leaky(conv(first, 3, dtype=self.dtype)(_twice(x)[:, :, :half]))
        # A pixel each of the four channels.
        x = conv(4, 3, dtype=self.dtype)(x).astype(jnp.float32)
        x = x.reshape(-1, self.rows // 2, half, 2, 2).swapaxes(2, 3)
        return x.reshape(-1, self.rows, 2 * half)[..., : self.columns]


def _twice(x: jax.Array) -> jax.Array:
    return x.repeat(2, axis=1).repeat(2, axis=2)


class Movement(nn.Module):
    """What a window shows, of what its frames show: two convolutions along time.

    Attributes:
      width: channels of the convolutions.
      code: numbers of a window.
    """

    width: int
    code: int

    @nn.compact
    def __call__(self, codes: jax.Array) -> jax.Array:
        """[B, T, D] → [B, code]; the order of the frames, and where in the step they are, count."""
        x = codes
        for _ in range(2):
            padded = jnp.pad(x, ((0, 0), (1, 1), (0, 0)))
            # Of a frame and both its neighbours; Linen's 1-D convolution is slow on CPUs.
            three = jnp.concatenate([padded[:, :-2], x, padded[:, 2:]], axis=-1)
            x = leaky(nn.Dense(self.width)(three))
        return nn.Dense(self.code)(x.reshape(len(x), -1))


class GaitWindows(nn.Module):
    """An autoencoder of frames, and one of windows that are shown with some frames hidden.

    Attributes:
      widths: channels of the frame's convolutions.
      frame_code: numbers of a frame.
      window_code: numbers of a window.
      rows: of a frame.
      columns: of a frame.
      frames: T.
      dtype: what a frame's layers compute with.
    """

    widths: tuple[int, ...]
    frame_code: int
    window_code: int
    rows: int
    columns: int
    frames: int
    dtype: Any = jnp.float32

    def setup(self):
        self.encoder = FrameEncoder(self.widths, self.frame_code, self.dtype)
        self.decoder = FrameDecoder(self.widths, self.rows, self.columns, self.dtype)
        self.movement = Movement(2 * self.window_code, self.window_code)
        self.recall = nn.Dense(self.frames * self.frame_code)

    def embed(self, windows: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Windows [B, T, H, W] in 0..1 → ([B, T, D] of frames, [B, E] of windows)."""
        codes = self._codes(windows)
        return codes, self._window(codes, jnp.zeros(codes.shape[:2]))

    def __call__(
        self, windows: jax.Array, hidden: jax.Array, asked: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """What training compares: some frames, drawn again.

        Args:
          windows: [B, T, H, W] in 0..1.
          hidden: [B, T] 1 for frames that a window is told without, else 0.
          asked: [B, K] int, which frames.

        Returns:
          ([B, K, H, W] logits of each from its own code, [B, K, H, W] from its window's).
        """
        codes = self._codes(windows)
        told = self.recall(self._window(codes, hidden)).reshape(codes.shape)
        both = jnp.stack([codes, told])
        both = jnp.take_along_axis(both, asked[None, :, :, None], axis=2)
        drawn = self.decoder(both.reshape(-1, self.frame_code))
        own, recalled = drawn.reshape(*both.shape[:-1], self.rows, self.columns)
        return own, recalled

    def _codes(self, windows: jax.Array) -> jax.Array:
        codes = self.encoder(windows.reshape(-1, *windows.shape[2:]))
        return codes.reshape(*windows.shape[:2], self.frame_code)

    def _window(self, codes: jax.Array, hidden: jax.Array) -> jax.Array:
        told = codes * (1 - hidden)[..., None]
        return self.movement(jnp.concatenate([told, hidden[..., None]], axis=-1))


class WindowJudge(nn.Module):
    """Which of two kinds a window is of.

    Attributes:
      widths: channels of the frame's convolutions.
      code: numbers of a frame.
    """

    widths: tuple[int, ...]
    code: int

    @nn.compact
    def __call__(self, windows: jax.Array) -> jax.Array:
        """Windows [B, T, H, W] in 0..1 → [B] logits of the second kind."""
        frames = windows.reshape(-1, *windows.shape[2:])
        codes = leaky(FrameEncoder(self.widths, self.code)(frames))
        codes = codes.reshape(*windows.shape[:2], self.code)
        return Movement(2 * self.code, 1)(codes)[:, 0]
