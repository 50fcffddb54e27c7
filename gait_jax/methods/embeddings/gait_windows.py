"""What gaits look like, in numbers learned without anybody's name: an autoencoder of windows."""

import jax
import numpy as np
import optax
from jax import numpy as jnp

from gait_jax.methods import fields
from gait_jax.methods.base import Batch, Metrics, State, TrainedMethod, Tree, move_average
from gait_jax.methods.optimizers import adam
from gait_jax.methods.recognisers.aligned import shape_of
from gait_jax.models import gait_windows
from gait_jax.runtime import keys, parallel

# So many windows go through the network at once.
_AT_ONCE = 64
_SHOWN = 4


class GaitWindows(TrainedMethod):
    """Trains the network of `models.gait_windows`, not a published one.

    A frame's numbers draw the frame again; a window's draw all of its frames, some of which it was
    not shown. Batches hold "silhouettes" [B, T, H, W] uint8, "hidden" [B, T] uint8 and "asked"
    [B, K] int32 (see `data.silhouette_windows`).
    """

    FIELDS = {
        **fields.TRAINING,
        **fields.DATA,
        "data.sequences": fields.wholes(fewest=0, longest=1000),
        "data.size": fields.Check(
            "a multiple of 16 from 16 to 1024",
            lambda value: type(value) is int and 16 <= value <= 1024 and value % 16 == 0,
        ),
        "data.frames": fields.whole(2, 256),
        "data.stride": fields.whole(),
        "data.bent": fields.SHARE,
        "data.hidden": fields.SHARE,
        "data.asked": fields.whole(1, 256),
        "network.widths": fields.wholes(fewest=3, longest=3),
        "network.frame_code": fields.whole(),
        "network.window_code": fields.whole(),
        **fields.below("optimizer", fields.ADAM),
    }

    def __init__(self, config):
        super().__init__(config)
        network = config.network
        self.network = gait_windows.GaitWindows(
            tuple(network.widths),
            network.frame_code,
            network.window_code,
            *shape_of(config.data.size),
            config.data.frames,
            self.dtype,
        )
        self.optimizer = adam(config, "optimizer")

    def open_data(self, dataset, prerequisites, progress):
        from gait_jax.data.silhouette_windows import window_data

        return window_data(dataset, self.config.data, shape_of(self.config.data.size), progress)

    def init(self, prerequisites=None, statistics=None) -> State:
        del prerequisites, statistics
        frames = self.config.data.frames
        windows = jnp.zeros((1, frames, *shape_of(self.config.data.size)))
        key = keys.stream(self.config.seed, self.config.method)
        asked = jnp.zeros((1, self.config.data.asked), jnp.int32)
        params = jax.jit(self.network.init)(key, windows, jnp.zeros((1, frames)), asked)["params"]
        return State(
            step=jnp.zeros((), jnp.int32),
            params={"network": params},
            opt={"optimizer": self.optimizer.init(params)},
            ema={"network": params},
            frozen={},
        )

    def _loss(self, params: Tree, batch: Batch) -> tuple[jax.Array, tuple[Metrics, jax.Array]]:
        """(loss, (metrics, [B, 3, K, H, W]: frames, drawn from their codes, from windows'))."""
        windows = batch["silhouettes"].astype(jnp.float32) / 255
        asked = batch["asked"]
        own, told = self.network.apply(
            {"params": params}, windows, batch["hidden"].astype(jnp.float32), asked
        )
        wanted = jnp.take_along_axis(windows, asked[:, :, None, None], axis=1)
        metrics = {
            "frame": optax.sigmoid_binary_cross_entropy(own, wanted).mean(),
            "window": optax.sigmoid_binary_cross_entropy(told, wanted).mean(),
        }
        loss = metrics["frame"] + metrics["window"]
        drawn = jnp.stack([wanted, jax.nn.sigmoid(own), jax.nn.sigmoid(told)], axis=1)
        errors = jnp.abs(drawn[:, 1:] - wanted[:, None]).mean((0, 2, 3, 4))
        metrics |= {"loss": loss, "frame_error": errors[0], "window_error": errors[1]}
        return loss, (metrics, drawn)

    def train_step(self, state: State, batch: Batch) -> tuple[State, Metrics]:
        params = state.params["network"]

        def gradients(part):
            grads, (metrics, _) = jax.grad(self._loss, has_aux=True)(params, part)
            return grads, metrics

        grads, metrics = parallel.accumulate(gradients, batch, self.config.accumulate)
        updates, opt = self.optimizer.update(parallel.mean(grads), state.opt["optimizer"], params)
        params = {"network": optax.apply_updates(params, updates)}
        return state.replace(
            step=state.step + 1,
            params=params,
            opt={"optimizer": opt},
            ema=move_average(state.ema, params, state.step, self.config.ema_decay),
        ), parallel.mean(metrics)

    def evaluate(self, state: State, batch: Batch) -> Metrics:
        return self._loss(state.ema["network"], batch)[1][0]

    def samples(self, state: State, batch: Batch) -> Tree:
        """Of the first windows some frames, drawn from their own numbers and from the window's."""
        first = {name: value[:_SHOWN] for name, value in batch.items()}
        return self._loss(state.ema["network"], first)[1][1]

    def picture(self, batch: Batch, samples: Tree) -> np.ndarray:
        del batch
        drawn = np.rint(255 * np.asarray(samples)).astype(np.uint8)
        # A window a column: its frames, and below them what was drawn.
        return np.hstack([np.vstack([np.hstack([*row]) for row in rows]) for rows in drawn])

    def embedder(self, state: State) -> "WindowEmbedder":
        return WindowEmbedder(self.network, state.ema["network"])


class WindowEmbedder:
    """A trained network: gaits look alike whose numbers are near (see `contracts.Embedder`)."""

    def __init__(self, network: gait_windows.GaitWindows, params: Tree):
        self.frames = network.frames
        self._shape, self._params = (network.rows, network.columns), params
        self._apply = jax.jit(
            lambda params, windows: network.apply(
                {"params": params}, windows.astype(jnp.float32) / 255, method=network.embed
            )
        )

    def embed(self, gaits, starts):
        # TFDS, which the stores bring along, takes longer to load than a model that needs none.
        from gait_jax.data.silhouette_windows import open_windows

        windows = open_windows(gaits, starts, self.frames, self._shape, progress=False)
        found = []
        for first in range(0, len(windows), _AT_ONCE):
            # The last ones, once more, fill the last batch up: one shape to compile for.
            chosen = np.minimum(np.arange(first, first + _AT_ONCE), len(windows) - 1)
            embedded = self._apply(self._params, windows.of(chosen))
            kept = min(_AT_ONCE, len(windows) - first)
            found.append([np.asarray(part)[:kept] for part in embedded])
        frames, whole = zip(*found, strict=True)
        return np.concatenate(frames), np.concatenate(whole)
