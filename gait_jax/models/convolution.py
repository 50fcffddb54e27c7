"""Convolutions over contours and images, as matrix products where XLA's own are slow."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

# Up to so many features, windows are cheaper to add up than to lay out.
_FEW = 4


def _blocks(lhs: jax.Array, stride: int, width: int, before: int, after: int) -> jax.Array:
    """The signals cut into blocks as long as the stride, as far as windows reach: [N, B, S · C]."""
    signals = jnp.pad(lhs, ((0, 0), (before, after), (0, 0)))
    count, length, channels = signals.shape
    used = (length - width) // stride * stride + width
    return signals[:, :used].reshape(count, -1, stride * channels)


def _by_columns(lhs: jax.Array, rhs: jax.Array, stride: int, before: int, after: int) -> jax.Array:
    """Lays the windows out side by side, then one product: for signals of few channels."""
    blocks, places = _blocks(lhs, stride, len(rhs), before, after), len(rhs) // stride
    count, windows = len(lhs), blocks.shape[1] - places + 1
    columns = jnp.concatenate([blocks[:, i : i + windows] for i in range(places)], axis=-1)
    product = jnp.dot(columns.reshape(count * windows, -1), rhs.reshape(-1, rhs.shape[2]))
    return product.reshape(count, windows, -1)


def _by_shares(lhs: jax.Array, rhs: jax.Array, stride: int, before: int, after: int) -> jax.Array:
    """One product for what each block adds to each window, then their sums: for few features."""
    blocks, places = _blocks(lhs, stride, len(rhs), before, after), len(rhs) // stride
    count, total, size = blocks.shape
    kernel = rhs.reshape(places, size, -1).swapaxes(0, 1).reshape(size, -1)
    shares = jnp.dot(blocks.reshape(-1, size), kernel).reshape(count, total, places, -1)
    return sum(shares[:, i : i + total - places + 1, i] for i in range(places))


def _xla(lhs: jax.Array, rhs: jax.Array, stride: int, before: int, after: int) -> jax.Array:
    return lax.conv_general_dilated(
        lhs, rhs, (stride,), ((before, after),), dimension_numbers=("NHC", "HIO", "NHC")
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def _convolve(lhs: jax.Array, rhs: jax.Array, stride: int, before: int, after: int) -> jax.Array:
    """XLA's convolution, with other gradients; the kernel's width is a multiple of the stride."""
    return _xla(lhs, rhs, stride, before, after)


def _forward(lhs, rhs, stride, before, after):
    return _xla(lhs, rhs, stride, before, after), (lhs, rhs)


def _backward(stride, before, after, saved, gradient):
    """Both gradients as one matrix product each.

    The signal is cut into blocks as long as the stride; a window is a few blocks in a row. So each
    block met `rhs` as often as there are blocks in a window, and the gradient of each place in the
    window is that of the outputs, shifted.
    """
    del after
    lhs, rhs = saved
    (count, length, channels), (width, _, features) = lhs.shape, rhs.shape
    first, lead = divmod(before, stride)
    signals = jnp.pad(lhs, ((0, 0), (lead, -(lead + length) % stride), (0, 0)))
    blocks = signals.reshape(-1, stride * channels)
    places, total = width // stride, signals.shape[1] // stride
    zero = jnp.zeros((), gradient.dtype)

    def shifted(by):
        # Where it is cut off, windows reached beyond the signal: they met zeros.
        end = total - by - gradient.shape[1]
        return lax.pad(gradient, zero, ((0, 0, 0), (by, end, 0), (0, 0, 0)))

    beside = jnp.concatenate([shifted(i - first) for i in range(places)], axis=-1)
    beside = beside.reshape(count * total, -1)
    kernel = rhs.reshape(places, stride * channels, features).swapaxes(0, 1)
    by_lhs = jnp.dot(beside, kernel.reshape(stride * channels, -1).T).reshape(signals.shape)
    by_rhs = jnp.dot(blocks.T, beside).reshape(stride * channels, places, features).swapaxes(0, 1)
    return by_lhs[:, lead : lead + length], by_rhs.reshape(rhs.shape)


_convolve.defvjp(_forward, _backward)


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
    """`lax.conv_general_dilated` for 1-D signals, by matrix products where XLA's own is slow.

    On the CPU, XLA lays a whole signal out anew, place by place, for the gradient of a kernel, and
    fills it with zeros for the gradient of a strided layer's input. Where the kernel's width is a
    multiple of the stride, windows are blocks of the signal side by side, and gradients are one
    product each. Every other convolution goes to XLA, and those without a stride whose features
    are many.

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
      precision: as for `lax.conv_general_dilated`.
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
        and (stride > 1 or width == 1 or rhs.shape[2] <= _FEW)
        and width % stride == 0
        and feature_group_count == batch_group_count == 1
        and precision is None
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
    before, after = padding[0]
    if width > 1 and rhs.shape[2] <= _FEW:
        return _by_shares(lhs, rhs, stride, before, after)
    if width == 1 or stride * rhs.shape[1] < rhs.shape[2]:
        return _by_columns(lhs, rhs, stride, before, after)
    return _convolve(lhs, rhs, stride, before, after)


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
    features: int,
    width: int,
    use_bias: bool = True,
    name: str | None = None,
    dtype=jnp.float32,
    kernel_init: nn.initializers.Initializer = nn.linear.default_kernel_init,
) -> nn.Conv:
    """A convolution [N, H, W, C] → [N, H - width + 1, W - width + 1, features].

    Args:
      features: output channels.
      width: rows and columns of the kernel.
      use_bias: whether it adds a bias.
      name: the layer's name.
      dtype: what it computes with.
      kernel_init: draws its initial kernel.

    Returns:
      The layer.
    """
    return nn.Conv(
        features,
        (width, width),
        padding="VALID",
        kernel_init=kernel_init,
        use_bias=use_bias,
        conv_general_dilated=_on_cpu(tap_convolution),
        name=name,
        dtype=dtype,
    )


def shuffle_up(signal: jax.Array, factor: int) -> jax.Array:
    """Trades channels for length: [N, L, factor · C] → [N, factor · L, C]."""
    count, length, channels = signal.shape
    return signal.reshape(count, length * factor, channels // factor)
