"""JAX's side of `accelerator.py`: the project's own step functions, timed, counted and profiled."""

import collections
import concurrent.futures
import contextlib
import gc
import gzip
import os
import pathlib
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import device_profile
import jax
import jax.numpy as jnp
import numpy as np
import program_cost
from flax import linen as nn
from measuring import BFLOAT16, FLOAT32, TF32, Case, one_line, timed
from networks import NETWORKS, load
from training_step import gaussian_seeds, network_outputs, shifted

from gait_jax.models import convolution
from gait_jax.runtime import allocator, parallel

_PRECISIONS = {FLOAT32: "highest", TF32: "default", BFLOAT16: "default"}
_PROFILED = 20


def _columns(lhs, rhs, window_strides, padding, *rest, **kwargs):
    """Windows side by side, one product, wherever windows are blocks."""
    if padding == "VALID":
        padding = ((0, 0),)
    if lhs.ndim == 3 and rhs.shape[0] % window_strides[0] == 0:
        return convolution._by_columns(lhs, rhs, window_strides[0], *padding[0])
    return jax.lax.conv_general_dilated(lhs, rhs, window_strides, padding, *rest, **kwargs)


# What stands for a convolution that has products of its own on the CPU; None: XLA's.
FORMS: dict[str, Callable[[Callable], Callable | None]] = {
    "xla": lambda function: None,
    "products": lambda function: function,
    "columns": lambda function: _columns if function is convolution.block_convolution else function,
}


class _Prepared:
    """A case's compiled step, its state and its batch on the device."""

    def __init__(self, case: Case, start: Any, tiny: bool):
        network = NETWORKS[case.network]
        self.case, self.config = case, network.configuration(case, tiny)
        self.method = load(network.method)(self.config)
        self.examples = network.examples(self.config, case.batch)
        self.step = parallel.parallel_steps(self.method.train_step)
        self.state = parallel.replicate(start)
        self.batches = parallel.shard([self.examples] * case.dispatch)
        with self.context():
            self.lowered = self.step.lower(self.state, self.batches)

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """To be entered where the step is traced or called."""
        with contextlib.ExitStack() as stack:
            precision = _PRECISIONS[self.case.precision]
            stack.enter_context(jax.default_matmul_precision(precision))
            if self.case.form:
                form = FORMS[self.case.form]
                stack.enter_context(mock.patch.object(convolution, "_on_cpu", form))
            yield

    def run(self) -> Any:
        """A dispatch; returns its metrics."""
        self.state, metrics = self.step(self.state, self.batches)
        return metrics

    def wait(self) -> None:
        """Returns when all steps are done."""
        jax.block_until_ready(self.state)


class JaxSide:
    """Answers the calls of `accelerator.py`."""

    def __init__(self, platform: str, tiny: bool):
        """Begins.

        Args:
          platform: `cpu` or `gpu`.
          tiny: whether networks are a few units small.
        """
        # As the command lines do.
        allocator.keep_freed_memory()
        if jax.default_backend() != platform:
            raise RuntimeError(f"JAX runs on {jax.default_backend()}, not on {platform}")
        self._tiny = tiny
        self._host = jax.devices("cpu")[0]
        self._starts: dict[str, Any] = {}
        self._prepared: dict[Case, _Prepared] = {}
        self._compiled: dict[Case, Any] = {}

    def describe(self) -> dict[str, str]:
        """Versions and the device."""
        import flax
        import jaxlib
        import optax

        return {
            "device": jax.devices()[0].device_kind,
            "devices": str(jax.device_count()),
            "runtime": jax.devices()[0].client.platform_version.replace("\n", " "),
            "jax": jax.__version__,
            "jaxlib": jaxlib.__version__,
            "flax": flax.__version__,
            "optax": optax.__version__,
            "numpy": np.__version__,
            "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
        }

    def _state(self, name: str) -> Any:
        """The state to begin with, as NumPy arrays: the same for every precision."""
        if name not in self._starts:
            network = NETWORKS[name]
            method = load(network.method)(network.configuration(Case(name, 1), self._tiny))
            # Op by op and on the device, it would compile for longer than the step.
            with jax.default_device(self._host):
                self._starts[name] = shifted(jax.jit(method.init)())
        return self._starts[name]

    def start(self, name: str) -> dict[str, Any]:
        """The parameters that a network begins with."""
        state = self._state(name)
        return {"params": state.params, "frozen": state.frozen}

    def seeds(self, name: str, count: int) -> np.ndarray | None:
        """The Gaussian seeds that a step of so many examples draws."""
        network = NETWORKS[name]
        if not network.seeds:
            return None
        value = network.configuration(Case(name, count), self._tiny)
        for part in network.seeds.split("."):
            value = value[part]
        seeds = {"noise_seed": np.arange(count, dtype=np.uint32)}
        with jax.default_device(self._host):
            return gaussian_seeds(seeds, value)

    def prepare(self, cases: list[Case], threads: int) -> dict[Case, dict[str, Any]]:
        """Compiles and keeps cases, and takes their first two steps.

        Returns:
          For each case "error", or "seconds" of compiling and "losses" of the first steps.
        """
        found: dict[Case, dict[str, Any]] = {}
        for case in cases:
            try:
                self._prepared[case] = _Prepared(case, self._state(case.network), self._tiny)
            except Exception as error:
                found[case] = {"error": one_line(error)}

        def compiled(case: Case) -> tuple[Any, float]:
            begin = time.perf_counter()
            result = self._prepared[case].lowered.compile()
            return result, time.perf_counter() - begin

        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            jobs = {c: pool.submit(compiled, c) for c in cases if c not in found}
        for case, job in jobs.items():
            try:
                self._compiled[case], seconds = job.result()
                found[case] = {"seconds": seconds, "losses": self._first(case)}
            except Exception as error:
                found[case] = {"error": one_line(error)}
                del self._prepared[case]
        return found

    def _first(self, case: Case) -> list[dict[str, float]]:
        """The first two steps' metrics."""
        prepared, rows = self._prepared[case], []
        with prepared.context():
            while len(rows) < 2:
                metrics = jax.tree.map(np.asarray, prepared.run())
                for i in range(case.dispatch):
                    rows.append({k: float(v[i]) for k, v in metrics.items()})
        return rows[:2]

    def forget(self) -> None:
        """Frees what the last cases hold."""
        self._prepared.clear()
        self._compiled.clear()
        gc.collect()

    def time(self, case: Case, least: float, repeats: int) -> list[float]:
        """Seconds a step, for each repeat."""
        prepared = self._prepared[case]
        with prepared.context():
            seconds = timed(prepared.run, prepared.wait, least, repeats)
        return [each / case.dispatch for each in seconds]

    def cost(self, case: Case) -> dict[str, float]:
        """What a step asks of the device, for a dispatch of one.

        Returns:
          "flops" by XLA's count before optimisation; "bytes" and "flops_compiled" by its count of
          the compiled program, which may know nothing of a library's kernels; "kernel_bytes", see
          `program_cost.traffic`; "temporary_bytes" of memory. NaN is what could not be counted.
        """
        compiled = self._compiled[case]

        def after(key: str) -> float:
            found = compiled.cost_analysis()
            return (found[0] if isinstance(found, list) else found)[key]

        counts: dict[str, Callable[[], float]] = {
            "flops": lambda: program_cost.operations(self._prepared[case].lowered),
            "flops_compiled": lambda: after("flops"),
            "bytes": lambda: after("bytes accessed"),
            "kernel_bytes": lambda: program_cost.traffic(compiled.as_text()),
            "temporary_bytes": lambda: compiled.memory_analysis().temp_size_in_bytes,
        }
        found = {}
        for name, count in counts.items():
            try:
                found[name] = float(count())
            except Exception:
                # Not every device counts everything.
                traceback.print_exc()
                found[name] = float("nan")
        return found

    def outputs(self, case: Case) -> dict[str, np.ndarray]:
        """What an ST-GAN's networks give before training."""
        prepared = self._prepared[case]
        with prepared.context():
            state = parallel.replicate(self._state(case.network))
            return network_outputs(prepared.method, state, prepared.examples)

    def profile(self, case: Case, program: str) -> dict[str, Any]:
        """Profiles some steps and writes the compiled program's text.

        Args:
          case: prepared.
          program: the path, ending in .gz, that it is written to.

        Returns:
          See `device_profile.summary`.
        """
        if case not in self._prepared and "error" in (found := self.prepare([case], 1)[case]):
            raise RuntimeError(found["error"])
        prepared = self._prepared[case]
        text = self._compiled[case].as_text()
        pathlib.Path(program).write_bytes(gzip.compress(text.encode()))
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level = 0
        with tempfile.TemporaryDirectory() as folder, prepared.context():
            for _ in range(3):
                prepared.run()
            prepared.wait()
            jax.profiler.start_trace(folder, profiler_options=options)
            try:
                for _ in range(_PROFILED):
                    prepared.run()
                prepared.wait()
            finally:
                jax.profiler.stop_trace()
            events = device_profile.read(pathlib.Path(folder))
        return device_profile.summary(
            events, _PROFILED * case.dispatch, device_profile.operations(text)
        )

    def ceilings(self) -> dict[str, float]:
        """What the device reaches: operations/s of a large product, bytes/s of a large copy."""
        size = 256 if self._tiny else 8192
        key = jax.random.key(0)
        square = jax.random.normal(key, (size, size))
        found = {}
        for name, precision in _PRECISIONS.items():
            x = square.astype(jnp.bfloat16) if name == BFLOAT16 else square
            with jax.default_matmul_precision(precision):
                product = jax.jit(lambda a, b: a @ b)
                found[name] = 2 * size**3 / _alone(product, x, x)
        # Too large for any cache.
        long = jnp.ones((1 << (16 if self._tiny else 29),), jnp.float32)
        found["bytes"] = 2 * long.nbytes / _alone(jax.jit(lambda a: a + 1), long)
        return found

    def layers(self, case: Case, threads: int) -> list[dict[str, Any]]:
        """Each convolution of a network in each form: milliseconds of all three products.

        Returns:
          One row a layer: its shapes, how often a step calls it, and milliseconds by form.
        """
        calls: collections.Counter = collections.Counter()

        def look(function, args, kwargs, context):
            if isinstance(context.module, nn.Conv) and context.method_name == "__call__":
                m = context.module
                calls[args[0].shape, m.features, m.kernel_size, m.strides, m.padding] += 1
            return function(*args, **kwargs)

        with nn.intercept_methods(look):
            _Prepared(case, self._state(case.network), self._tiny)
        rows, jobs = [], []
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            for (shape, features, kernel, strides, padding), count in calls.items():
                row = {"input": shape, "features": features, "kernel": kernel, "strides": strides}
                rows.append(row | {"padding": str(padding), "calls": count, "milliseconds": {}})
                for name, form in FORMS.items():
                    given = convolution.block_convolution
                    given = given if len(shape) == 3 else convolution.tap_convolution
                    layer = nn.Conv(
                        features, kernel, strides, padding, conv_general_dilated=form(given)
                    )
                    jobs.append((rows[-1], name, pool.submit(_three_products, layer, shape)))
        for row, name, job in jobs:
            try:
                function, arguments = job.result()
                drawn = [jax.random.normal(jax.random.key(0), x.shape) for x in arguments]
                row["milliseconds"][name] = 1000 * _alone(function, *drawn)
            except Exception as error:
                row.setdefault("errors", {})[name] = one_line(error)
        return rows


def _alone(function: Callable, *arguments: Any) -> float:
    """Seconds a call: the median of three repeats."""
    last = [function(*arguments)]

    def run() -> None:
        last[0] = function(*arguments)

    return float(np.median(timed(run, lambda: jax.block_until_ready(last[0]), 0.03, 3)))


def _three_products(layer: nn.Conv, shape: tuple[int, ...]) -> tuple[Callable, list]:
    """A layer and both its gradients compiled, and the shapes of what it is given."""
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    params = jax.eval_shape(layer.init, jax.random.key(0), x)

    def run(kernel, bias, x):
        out, back = jax.vjp(
            lambda k, b, x: layer.apply({"params": {"kernel": k, "bias": b}}, x), kernel, bias, x
        )
        return out, back(out)

    given = [params["params"]["kernel"], params["params"]["bias"], x]
    return jax.jit(run).lower(*given).compile(), given
