"""PyTorch's side of `accelerator.py`: the same steps, eager and compiled."""

import gc
import os
import time
import traceback
from typing import Any

import numpy as np
import torch
from measuring import COMPILED, EAGER, FLOAT32, GRAPHS, Case, one_line, timed
from networks import NETWORKS, load
from torch_stgan import Mode

_COMPILED = {EAGER: "", COMPILED: "default", GRAPHS: "reduce-overhead"}
_WARM_UP = 3


class TorchSide:
    """Answers the calls of `accelerator.py`."""

    def __init__(self, platform: str, tiny: bool):
        """Begins.

        Args:
          platform: `cpu` or `gpu`.
          tiny: whether networks are a few units small.
        """
        self._device = {"gpu": "cuda"}.get(platform, platform)
        if self._device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError("PyTorch finds no GPU")
        self._tiny = tiny
        # Beyond the limit PyTorch would go on uncompiled, and say nothing.
        torch._dynamo.config.recompile_limit = 1000
        torch._dynamo.config.accumulated_recompile_limit = 1000
        self._twins: dict[Case, tuple[Mode, Any]] = {}

    def describe(self) -> dict[str, str]:
        """Versions."""
        return {
            "torch": torch.__version__,
            "torch's CUDA": str(torch.version.cuda),
            "cuDNN": str(torch.backends.cudnn.version()),
            "torch's threads": str(torch.get_num_threads()),
            "TORCHINDUCTOR_COMPILE_THREADS": os.environ.get("TORCHINDUCTOR_COMPILE_THREADS", ""),
        }

    def prepare(
        self,
        cases: list[Case],
        start: dict[str, Any],
        seeds: dict[int, np.ndarray | None],
        left: float,
    ) -> dict[Case, dict[str, Any]]:
        """Builds and keeps cases of a network, and takes their first steps.

        Args:
          cases: what to build.
          start: parameters to begin with.
          seeds: by batch the Gaussian seeds of the first two steps.
          left: seconds after which no other case is begun.

        Returns:
          For each case "error", or "seconds" until it has warmed up, "losses" of the first two
          steps and, in float32, where the network's are compared, the "outputs" before them.
        """
        found, begin = {}, time.perf_counter()
        for case in cases:
            try:
                if time.perf_counter() - begin > left:
                    raise RuntimeError("no time was left")
                found[case] = self._prepare(case, start, seeds[case.batch])
            except Exception as error:
                traceback.print_exc()
                found[case] = {"error": one_line(error)}
                self._free()
        return found

    def _prepare(self, case: Case, start: dict[str, Any], seeds: np.ndarray | None) -> dict:
        begin = time.perf_counter()
        network = NETWORKS[case.network]
        config = network.configuration(case, self._tiny)
        mode = Mode(self._device, case.precision, _COMPILED[case.side])
        batch = network.examples(config, case.batch)
        twin = load(network.twin)(config.to_dict(), batch, start, mode)
        found: dict[str, Any] = {"losses": []}
        if network.outputs and case.precision == FLOAT32:
            found["outputs"] = twin.outputs(seeds)
        for _ in range(2):
            found["losses"].append({k: v.item() for k, v in twin.step(seeds).items()})
        for _ in range(_WARM_UP):
            twin.step()
        twin.wait()
        self._twins[case] = mode, twin
        return found | {"seconds": time.perf_counter() - begin}

    def forget(self) -> None:
        """Frees what the last cases hold."""
        self._twins.clear()
        torch._dynamo.reset()
        self._free()

    def _free(self) -> None:
        gc.collect()
        if self._device == "cuda":
            torch.cuda.empty_cache()

    def time(self, case: Case, least: float, repeats: int) -> list[float]:
        """Seconds a step, for each repeat."""
        mode, twin = self._twins[case]
        mode.begin()
        return timed(twin.step, twin.wait, least, repeats)
