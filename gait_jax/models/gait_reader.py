"""The network that reads from silhouettes how a walk is seen, not who walks."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn

from gait_jax.models.silhouettes import conv


class Reading(NamedTuple):
    """What is read from each frame.

    Attributes:
      phase: [B, T, 2] cosine and sine of the phase, of half a cycle: which leg is in front a
        silhouette does not tell. Shorter than 1 where it is uncertain.
      azimuth: [B, T, 2] cosine and sine of the angle from where the person faces to the camera,
        likewise: 0° sees them come, 90° their left side.
      elevation: [B, T] by how many degrees the camera looks down.
      speed: [B, T] body heights a second.
      kind: [B, T, K] logits.
    """

    phase: jax.Array
    azimuth: jax.Array
    elevation: jax.Array
    speed: jax.Array
    kind: jax.Array


class GaitReader(nn.Module):
    """Convolutions over each frame, then over time.

    Attributes:
      widths: channels of the convolutions over a frame, each of which halves it.
      features: numbers a frame.
      dilations: frames from one to the next that a convolution over time looks at, for each.
      kinds: K, what a frame can be of.
      dtype: what the layers compute with.
    """

    widths: tuple[int, ...]
    features: int
    dilations: tuple[int, ...]
    kinds: int
    dtype: Any = jnp.float32

    @property
    def reach(self) -> int:
        """How many frames before and after one matter to it."""
        return 2 * sum(self.dilations)

    @nn.compact
    def __call__(self, crops: jax.Array, motion: jax.Array, seen: jax.Array) -> Reading:
        """Reads.

        Args:
          crops: [B, T, H, W] silhouettes in 0..1.
          motion: [B, T, M] how they move in the picture (see `gait.glimpses.motion`).
          seen: [B, T] 1 where there is a silhouette, 0 where not.
        """
        count, frames = crops.shape[:2]
        x = crops.reshape(-1, *crops.shape[2:], 1).astype(self.dtype)
        for width in self.widths:
            x = nn.relu(conv(width, 3, stride=2, dtype=self.dtype)(x))
        x = nn.Dense(self.features, dtype=self.dtype)(x.reshape(count, frames, -1))
        there = seen[..., None].astype(self.dtype)
        x = jnp.concatenate([nn.relu(x), motion.astype(self.dtype)], axis=-1) * there
        x = nn.Dense(self.features, dtype=self.dtype)(jnp.concatenate([x, there], axis=-1))
        for dilation in self.dilations:
            more = nn.relu(nn.LayerNorm(dtype=self.dtype)(x))
            more = nn.Conv(
                self.features, (5,), kernel_dilation=dilation, padding="SAME", dtype=self.dtype
            )(more)
            x = x + nn.Dense(self.features, dtype=self.dtype)(nn.relu(more))
        x = nn.relu(nn.LayerNorm(dtype=self.dtype)(x))
        out = nn.Dense(6 + self.kinds, dtype=self.dtype)(x).astype(jnp.float32)
        # Degrees and body heights are of the order of 1 to the layers.
        return Reading(
            out[..., 0:2], out[..., 2:4], 30 * out[..., 4], nn.softplus(out[..., 5]), out[..., 6:]
        )
