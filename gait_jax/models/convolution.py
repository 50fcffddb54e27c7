"""Convolutions over contours and images, as matrix products where XLA's own are slow."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax


def block_convolution(
    lhs: jax.Array,
    rhs: jax.Array,
    window_strides,
    padding,
    lhs_dilation=None,
    rhs_dilation=None,
    dimension_numbers=None,
    feature_group_count=1,
    batch_group_count=1,
    precision=None,
    **kwargs,
) -> jax.Array:
    """`lax.conv_general_dilated` for 1-D signals as one matrix product where that is possible.

    Where the kernel's width is a multiple of the stride, its windows are neighbouring blocks of
    the signal: reshaping and concatenating shifted views lays them out without a copy per tap.
    XLA's own 1-D convolution on the CPU is slower than this, forward and backward. Every other
    convolution goes to XLA.

    Args:
      lhs: [N, L, C] signals.
      rhs: [K, C, F] kernel.
      window_strides: (stride,).
      padding: ((before, after),) zeros.
      lhs_dilation: as for `lax.conv_general_dilated`.
      rhs_dilation: as for `lax.conv_general_dilated`.
      dimension_numbers: as for `lax.conv_general_dilated`.
      feature_group_count: as for `lax.conv_general_dilated`.
      batch_group_count: as for `lax.conv_general_dilated`.
      precision: of the product.
      **kwargs: further arguments of `lax.conv_general_dilated`.

    Returns:
      [N, L', F] with L' = (L + before + after - K) // stride + 1.
    """
    stride, width = window_strides[0], rhs.shape[0]
    if padding == "VALID":
        # What Flax asks for after it has wrapped a cyclic signal around by itself.
        padding = ((0, 0),)
    plain = (
        lhs.ndim == 3
        and not isinstance(padding, str)
        and stride > 1
        and width % stride == 0
        and feature_group_count == batch_group_count == 1
        and not kwargs
        and all(d in (None, (1,), 1) for d in (lhs_dilation, rhs_dilation))
    )
    if not plain:
        return lax.conv_general_dilated(
            lhs,
            rhs,
            window_strides,
            padding,
            lhs_dilation,
            rhs_dilation,
            dimension_numbers,
            feature_group_count,
            batch_group_count,
            precision,
            **kwargs,
        )
    signals = jnp.pad(lhs, ((0, 0), tuple(padding[0]), (0, 0)))
    count, length, channels = signals.shape
    windows = (length - width) // stride + 1
    per_window = width // stride
    blocks = signals[:, : (windows + per_window - 1) * stride].reshape(count, -1, stride * channels)
    columns = jnp.concatenate([blocks[:, i : i + windows] for i in range(per_window)], axis=-1)
    product = jnp.dot(
        columns.reshape(count * windows, -1), rhs.reshape(width * channels, -1), precision=precision
    )
    return product.reshape(count, windows, -1)


def tap_convolution(
    lhs: jax.Array,
    rhs: jax.Array,
    window_strides,
    padding,
    lhs_dilation=None,
    rhs_dilation=None,
    dimension_numbers=None,
    feature_group_count=1,
    precision=None,
) -> jax.Array:
    """`lax.conv_general_dilated` for images, stride 1 and no padding, as a few matrix products.

    One product for each row of the kernel, over columns laid side by side. XLA's gradient of a
    7×7 kernel over many channels takes 40 times as long on the CPU.

    Args:
      lhs: [N, H, W, C] images.
      rhs: [K, L, C, F] kernel.
      window_strides: (1, 1).
      padding: "VALID".
      lhs_dilation: none.
      rhs_dilation: none.
      dimension_numbers: NHWC, HWIO, NHWC, as Flax gives them.
      feature_group_count: 1.
      precision: of the products.

    Returns:
      [N, H - K + 1, W - L + 1, F].

    Raises:
      ValueError: it is asked for another convolution.
    """
    del dimension_numbers
    dilations = {*(lhs_dilation or ()), *(rhs_dilation or ())}
    if {*window_strides} | dilations != {1} or padding != "VALID" or feature_group_count != 1:
        raise ValueError("tap_convolution knows stride 1 without padding or dilation only")
    (_, height, width, _), (rows, columns, channels, features) = lhs.shape, rhs.shape
    height, width = height - rows + 1, width - columns + 1
    beside = jnp.concatenate([lhs[:, :, j : j + width] for j in range(columns)], axis=-1)
    kernel = rhs.reshape(rows, columns * channels, features)
    return sum(
        jnp.dot(beside[:, i : i + height], kernel[i], precision=precision) for i in range(rows)
    )


def _on_cpu(function: Callable[..., jax.Array]) -> Callable[..., jax.Array] | None:
    return function if jax.default_backend() == "cpu" else None


def conv(features: int, width: int, stride: int, cyclic: bool, dtype=jnp.float32) -> nn.Conv:
    """A convolution [N, L, C] → [N, L / stride, features] for L a multiple of the stride.

    Args:
      features: output channels.
      width: kernel width, at least the stride.
      stride: step.
      cyclic: whether the signal's end meets its start (`resampled` contours) or zeros (`padded`).
      dtype: what it computes with.

    Returns:
      The layer.
    """
    around = width - stride
    padding = "CIRCULAR" if cyclic else ((around // 2, around - around // 2),)
    return nn.Conv(
        features,
        (width,),
        strides=(stride,),
        padding=padding,
        conv_general_dilated=_on_cpu(block_convolution),
        dtype=dtype,
    )


def image_conv(
    features: int, width: int, use_bias: bool = True, name: str | None = None, dtype=jnp.float32
) -> nn.Conv:
    """A convolution [N, H, W, C] → [N, H - width + 1, W - width + 1, features].

    Args:
      features: output channels.
      width: rows and columns of the kernel.
      use_bias: whether it adds a bias.
      name: the layer's name.
      dtype: what it computes with.

    Returns:
      The layer.
    """
    return nn.Conv(
        features,
        (width, width),
        padding="VALID",
        use_bias=use_bias,
        conv_general_dilated=_on_cpu(tap_convolution),
        name=name,
        dtype=dtype,
    )


def shuffle_up(signal: jax.Array, factor: int) -> jax.Array:
    """Trades channels for length: [N, L, factor · C] → [N, factor · L, C]."""
    count, length, channels = signal.shape
    return signal.reshape(count, length * factor, channels // factor)
