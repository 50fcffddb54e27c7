"""What compiling a training step for a GPU takes, and how fast it is then, by XLA's options.

    python benchmarks/compiling.py --output DIR [--networks NAME NAME] [--budget SECONDS]

For a GPU XLA tries several kernels for every product and convolution. Each way of compiling has a
process of its own, one after the other: trials beside others choose by disturbed times, and none
finds what another one has kept. The sum of the first step's losses is said beside the usual way's,
as other kernels round otherwise.

DIR/compiling.md and DIR/compiling.json are written anew after each. Needs what `accelerator.py`
needs.
"""

import argparse
import dataclasses
import os
import pathlib
import sys
import time
from typing import Any

import numpy as np
from accelerator import Child, choose
from accelerator_report import write_both
from measuring import Case
from networks import NETWORKS


@dataclasses.dataclass(frozen=True)
class Way:
    """How a step is compiled.

    Attributes:
      flags: XLA's options beside those that are set already.
      form: of convolutions, see `measuring.Case`.
    """

    flags: str = ""
    form: str = ""


# The quick ones first, so that a short time tells what trials are for.
WAYS = {
    "nothing tried": Way("--xla_gpu_autotune_level=0"),
    "nothing tried, convolutions as products": Way("--xla_gpu_autotune_level=0", "products"),
    "nothing tried, channels last": Way(
        "--xla_gpu_autotune_level=0 --xla_gpu_force_conv_nhwc=true"
    ),
    "as usual": Way(),
    "tried, results not compared": Way("--xla_gpu_autotune_level=2"),
    "products by libraries alone": Way("--xla_gpu_enable_triton_gemm=false"),
    "fusions not tried": Way("--xla_gpu_experimental_enable_fusion_autotuner=false"),
    "tried, convolutions as products": Way("", "products"),
    "tried, channels last": Way("--xla_gpu_force_conv_nhwc=true"),
}
_USUAL = "as usual"

Row = dict[str, Any]


def _measure(case: Case, flags: str, args: argparse.Namespace, end: float) -> Row:
    """Compiles and times a step in a process of its own."""
    before = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{before} {flags}".strip()
    child = Child("jax", (args.device, args.tiny), lambda: end - time.monotonic())
    try:
        found = child.call("prepare", [case], 1)[case]
        if "error" in found:
            return {"error": found["error"]}
        seconds = child.call("time", case, args.seconds, args.repeats)
        loss = sum(found["losses"][0].values())
        device = child.call("describe")["device"]
        milliseconds = 1000 * float(np.median(seconds))
        row = {"compile_s": found["seconds"], "ms": milliseconds, "loss": loss, "device": device}
        return row | {"kernel_bytes": child.call("cost", case)["kernel_bytes"]}
    except RuntimeError as error:
        return {"error": str(error)}
    finally:
        child.end()
        os.environ["XLA_FLAGS"] = before


def _markdown(rows: list[Row]) -> str:
    """A table of what was measured."""
    usual = {row["network"]: row for row in rows if row["way"] == _USUAL and "ms" in row}
    lines = ["| step | compiled | compiling, s | step, ms | bytes at kernels' borders | losses |"]
    lines.append("|---|---|---|---|---|---|")
    for row in rows:
        start = f"| {row['network']}, batch {row['batch']} | {row['way']} |"
        if "ms" not in row:
            lines.append(f"{start} {row['error']} | – | – | – |")
            continue
        reference = usual.get(row["network"])
        ratio = f" ({row['ms'] / reference['ms']:.3f} ×)" if reference else ""
        apart = f"{row['loss']:.6g}"
        if reference:
            apart += f" ({abs(row['loss'] / reference['loss'] - 1):.1e} apart)"
        lines.append(
            f"{start} {row['compile_s']:.1f} | {row['ms']:.3f}{ratio} | "
            f"{row['kernel_bytes']:.3g} | {apart} |"
        )
    devices = sorted({row["device"] for row in rows if "device" in row})
    return "\n".join([*lines, "", *devices]) + "\n"


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, required=True, help="a folder")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="gpu")
    main_networks = ["stgan_resampled", "stgan"]
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=main_networks)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="all if none")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--budget", type=float, default=450, help="seconds; what is left is said")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a repeat, at least")
    parser.add_argument("--repeats", type=int, default=3, help="of a measurement")
    parser.add_argument("--tiny", action="store_true", help="networks of a few units")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    choose(args.device)
    end, rows = time.monotonic() + args.budget, []
    for way in args.ways:
        for name in args.networks:
            case = Case(name, args.batch, form=WAYS[way].form)
            said = dataclasses.asdict(case) | {"way": way, "flags": WAYS[way].flags}
            left = end - time.monotonic()
            found = _measure(case, WAYS[way].flags, args, end) if left > 0 else {"error": "no time"}
            rows.append(said | found)
            print(rows[-1], flush=True)
            write_both(args.output / "compiling", rows, _markdown(rows))
    print(_markdown(rows))
    if not any("ms" in row for row in rows):
        sys.exit("compiling.py: nothing could be measured; the table says why")


if __name__ == "__main__":
    main()
