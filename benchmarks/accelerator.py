"""Training steps on one accelerator beside the same in PyTorch: speed, shares of peaks, profile.

    python benchmarks/accelerator.py --output DIR [--budget SECONDS] [--device gpu]

Needs JAX, Flax, Optax, ml-collections and PyTorch, no data set; without PyTorch it measures JAX
alone. DIR/accelerator.md and DIR/accelerator.json are written anew after each measurement, the most
important ones come first, and what the time does not suffice for is listed: a run that is cut off
tells what it came to.

Both sides have the same networks, parameters, losses and batches, which stay on the device: the
input pipeline is not measured here. Each framework has a process of its own; they compile at the
same time and are timed one after the other. JAX runs the step that training runs, with its state
donated. A figure is the median of repeats of at least `--seconds` each.

The networks stand in `networks.py`.
"""

import argparse
import contextlib
import dataclasses
import importlib.util
import multiprocessing
import os
import pathlib
import platform
import shlex
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import accelerator_report as report
import numpy as np
from measuring import BFLOAT16, COMPILED, EAGER, FLOAT32, GRAPHS, JAX, TF32, Case, one_line
from networks import NETWORKS, load, stand_in_for_opencv
from training_step import differences

# Seconds under which nothing new is begun, and that a call may take beyond the budget.
_LEAST, _GRACE = 5.0, 20.0
_MAIN = ("stgan_resampled", "stgan")
# Each loads its framework, and this process none.
_SIDES = {"jax": "accelerator_jax:JaxSide", "torch": "accelerator_torch:TorchSide"}


def _serve(connection: Any, side: str, arguments: tuple[Any, ...]) -> None:
    """Builds one side and answers calls until the other end is closed."""
    try:
        stand_in_for_opencv()
        built = load(_SIDES[side])(*arguments)
        connection.send((True, None))
    except Exception as error:
        traceback.print_exc()
        connection.send((False, one_line(error)))
        return
    with contextlib.suppress(EOFError):
        while True:
            method, given = connection.recv()
            try:
                connection.send((True, getattr(built, method)(*given)))
            except Exception as error:
                traceback.print_exc()
                connection.send((False, one_line(error)))


class Child:
    """One framework in a process of its own, begun anew where it has died."""

    def __init__(self, side: str, arguments: tuple[Any, ...], left: Callable[[], float]):
        """Begins nothing yet.

        Args:
          side: "jax" or "torch".
          arguments: of its side's class.
          left: gives the seconds that remain.
        """
        self._begin, self._left = (side, arguments), left
        self._process: Any = None
        self._connection: Any = None
        self._starting = False
        # Why it cannot begin.
        self._refusal = ""

    def begin(self) -> None:
        """Starts the process where it does not run, without waiting for it."""
        if self._process is not None:
            return
        if self._refusal:
            raise RuntimeError(self._refusal)
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, *self._begin), daemon=True)
        self._process.start()
        # Only the other process holds that end now, so that its death ends `recv`.
        other.close()
        self._starting = True

    def send(self, method: str, *given: Any) -> None:
        """Calls a method over there; `receive` waits for what it returns."""
        self.begin()
        if self._starting:
            try:
                self.receive()
            except RuntimeError as error:
                self._refusal = str(error)
                self.end()
                raise
            self._starting = False
        try:
            self._connection.send((method, given))
        except OSError as error:
            self.end()
            raise RuntimeError(f"the process died ({one_line(error)})") from None

    def receive(self) -> Any:
        """What was called returned.

        Raises:
          RuntimeError: it failed, died, or took too long.
        """
        try:
            if not self._connection.poll(max(self._left(), 0) + _GRACE):
                self.end()
                raise RuntimeError("took too long")
            good, result = self._connection.recv()
        except (EOFError, OSError):
            self.end()
            raise RuntimeError("the process died") from None
        if not good:
            raise RuntimeError(result)
        return result

    def call(self, method: str, *given: Any) -> Any:
        """Calls a method over there and waits for what it returns."""
        self.send(method, *given)
        return self.receive()

    def runs(self) -> bool:
        """Whether it was begun and has not died."""
        return self._process is not None

    def end(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


class Session:
    """The run: its two sides, its record, its time."""

    def __init__(self, args: argparse.Namespace):
        self._args = args
        self._end = time.monotonic() + args.budget
        self._jax = Child("jax", (args.device, args.tiny), self.left)
        # One for each network, so that they compile side by side.
        self._torch = {
            name: Child("torch", (args.device, args.tiny), self.left) for name in NETWORKS
        }
        wanted = args.sides != [JAX]
        self.has_torch = wanted and importlib.util.find_spec("torch") is not None
        self.record: dict[str, Any] = {
            "command": shlex.join([pathlib.Path(sys.executable).name, *sys.argv]),
            "began": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
            "environment": {
                "python": platform.python_version(),
                "cores": str(len(os.sched_getaffinity(0))),
                "driver": _driver(),
            },
            "examples": {name: network.example for name, network in NETWORKS.items()},
            "measurements": [],
            "outputs": [],
            "profiles": [],
            "layers": [],
            "ceilings": {},
            "skipped": [],
            "errors": [],
        }

    def left(self) -> float:
        """Seconds that remain."""
        return self._end - time.monotonic()

    def write(self) -> None:
        """Writes what there is."""
        self.record["seconds"] = round(self._args.budget - self.left(), 1)
        report.write(self._args.output, self.record)

    @contextlib.contextmanager
    def noted(self, what: str) -> Iterator[None]:
        """Goes on after what fails; writes the record."""
        print(f"[{self._args.budget - self.left():6.1f} s] {what}", flush=True)
        try:
            yield
        except Exception as error:
            self.error(what, str(error) if type(error) is RuntimeError else one_line(error))
        self.write()

    def error(self, what: str, why: str) -> None:
        """Notes what failed."""
        print(f"    failed: {why}", flush=True)
        self.record["errors"].append({"what": what, "error": why})

    def run(self, name: str, task: Callable[[], None]) -> None:
        """Does a part of the plan, if there is time."""
        if self.left() < _LEAST:
            self.skip(name)
            return
        with self.noted(name):
            task()

    def skip(self, name: str) -> None:
        """Notes what is not done."""
        self.record["skipped"].append(name)
        self.write()

    def begin(self) -> None:
        """Starts both sides and notes what they are."""
        self._jax.begin()
        first = self._torch[self._args.networks[0]]
        if self.has_torch:
            for name in self._args.networks[:2]:
                self._torch[name].begin()
        elif self._args.sides != [JAX]:
            self.error("PyTorch", "is not installed: JAX alone is measured")
        with self.noted("JAX begins"):
            self.record["environment"] |= self._jax.call("describe")
        if self.has_torch:
            with self.noted("PyTorch begins"):
                self.record["environment"] |= first.call("describe")

    def _prepare(self, cases: list[Case]) -> dict[Case, dict[str, Any]]:
        """Compiles cases on both sides at once; those that fail are noted and left out."""
        others = [case for case in cases if case.side != JAX] if self.has_torch else []
        calls: list[tuple[Child, list[Case], tuple[Any, ...]]] = []
        for name in dict.fromkeys(case.network for case in others):
            mine = [case for case in others if case.network == name]
            seeds = {c.batch: self._jax.call("seeds", name, c.batch) for c in mine}
            given = mine, self._jax.call("start", name), seeds, self.left() - _LEAST
            calls.append((self._torch[name], mine, given))
        ours = [case for case in cases if case.side == JAX]
        # Beside another compiler a step's kernels might be chosen by disturbed timings: not so for
        # the first, which matter most.
        threads = self._args.threads if self.record["measurements"] else 1
        calls.append((self._jax, ours, (ours, threads)))

        found: dict[Case, dict[str, Any]] = {}
        sent = []
        for child, mine, given in calls:
            try:
                child.send("prepare", *given)
                sent.append((child, mine))
            except RuntimeError as error:
                found |= {case: {"error": str(error)} for case in mine}
        for child, mine in sent:
            try:
                found |= child.receive()
            except RuntimeError as error:
                found |= {case: {"error": str(error)} for case in mine}
        for case in cases:
            if "error" in found.get(case, {}):
                self.error(str(case), found.pop(case)["error"])
        return found

    def times(self, cases: list[Case]) -> None:
        """Compiles, compares and times cases, which are kept until the next ones are."""
        cases = [case for case in cases if case.side in self._args.sides]
        for child in (self._jax, *self._torch.values()):
            if child.runs():
                with contextlib.suppress(RuntimeError):
                    child.call("forget")
        found = self._prepare(cases)
        for case in cases:
            if case in found:
                self.run(f"  {case}", lambda case=case: self._time(case, found))

    def _time(self, case: Case, found: dict[Case, dict[str, Any]]) -> None:
        child = self._jax if case.side == JAX else self._torch[case.network]
        row = dataclasses.asdict(case) | {"compile_s": found[case]["seconds"]}
        row["losses"] = found[case]["losses"]
        ours = dataclasses.replace(case, side=JAX)
        if case.side != JAX and ours in found:
            both = zip(found[ours]["losses"], row["losses"], strict=True)
            row["losses_apart"] = [max(differences(*pair).values()) for pair in both]
            if "outputs" in found[case]:
                apart = differences(self._jax.call("outputs", ours), found[case]["outputs"])
                self.record["outputs"].append(dataclasses.asdict(case) | {"apart": apart})
        seconds = child.call("time", case, self._args.seconds, self._args.repeats)
        row["seconds"] = seconds
        row["ms"] = 1000 * float(np.median(seconds))
        row["steps_per_s"] = 1 / float(np.median(seconds))
        row["examples_per_s"] = case.batch * row["steps_per_s"]
        self.record["measurements"].append(row)
        rate = report.rate(row["examples_per_s"])
        print(f"    {row['ms']:.3f} ms a step, {rate} examples/s", flush=True)
        if case.side == JAX and case.dispatch == 1:
            row["cost"] = self._jax.call("cost", case)

    def profile(self, case: Case) -> None:
        """Profiles a case that was just timed."""
        name = f"program-{case.network}-{case.batch}-{case.precision}.txt.gz"
        found = self._jax.call("profile", case, str(self._args.output / name))
        self.record["profiles"].append(dataclasses.asdict(case) | found)

    def ceilings(self) -> None:
        """What the device reaches where nothing else bounds it."""
        self.record["ceilings"] = self._jax.call("ceilings")

    def layers(self, case: Case) -> None:
        """Times each convolution in each form."""
        found = self._jax.call("layers", case, self._args.threads)
        self.record["layers"].append(dataclasses.asdict(case) | {"layers": found})

    def close(self) -> None:
        """Ends both sides."""
        for child in (self._jax, *self._torch.values()):
            child.end()


def choose(device: str) -> None:
    """Has processes that are started later compute on a device, `cpu` or `gpu`."""
    # Initial states are made on the CPU.
    os.environ["JAX_PLATFORMS"] = {"gpu": "cuda,cpu"}.get(device, device)


def _driver() -> str:
    """The GPU's driver and name, as its own tool says."""
    try:
        asked = [
            "nvidia-smi",
            "--query-gpu=name,driver_version,memory.total",
            "--format=csv,noheader",
        ]
        found = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30)
        return found.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


Part = tuple[str, Callable[[], None]]


def plan(session: Session, networks: list[str], tiny: bool) -> list[Part]:
    """What is measured, the most important first: names and tasks."""
    default, large = (2, 4) if tiny else (8, 256)
    both = (JAX, EAGER, COMPILED)
    main = [name for name in _MAIN if name in networks]
    packs = [name for name in networks if NETWORKS[name].pack]
    further = [name for name in networks if name not in (*_MAIN, *packs)]

    def times(name: str, *cases: Case) -> Part | None:
        return (name, lambda: session.times(list(cases))) if cases else None

    def profile(case: Case) -> Part:
        return f"profile of {case}", lambda: session.profile(case)

    def layers(case: Case) -> Part:
        return f"convolutions of {case.network} one by one", lambda: session.layers(case)

    def beside(batch: int, precision: str = TF32) -> list[Case]:
        return [Case(name, batch, side, precision) for name in main for side in both]

    compared = [Case(n, default, side, FLOAT32) for n in main for side in (JAX, EAGER)]
    exact = [Case(name, large, precision=FLOAT32) for name in main]
    forms = [Case(n, large, form=form) for n in main for form in ("products", "columns")]
    forms += [Case(n, large, precision=BFLOAT16, form="products") for n in main]
    dispatches = [Case(n, default, dispatch=steps) for n in main for steps in (4, 16)]
    parts = [
        times(f"ST-GAN, batch {large}", *beside(large)),
        *(profile(Case(name, large)) for name in main),
        times(f"ST-GAN, batch {default}", *beside(default), *compared),
        ("ceilings of the device", session.ceilings),
        times("ST-GAN, other precisions", *beside(large, BFLOAT16), *exact),
        *(profile(Case(name, large, precision=BFLOAT16)) for name in main),
        times("ST-GAN, convolutions in other forms", *forms),
        times("ST-GAN, several steps a dispatch", *dispatches),
        times("ST-GAN, batch 1024", *beside(8 if tiny else 1024)),
    ]
    for name in further:
        cases = [Case(name, large, side) for side in both]
        parts += [times(f"{name}, batch {large}", *cases), profile(Case(name, large))]
        cases = [Case(name, default, side) for side in both]
        cases += [Case(name, default, side, FLOAT32) for side in (JAX, EAGER)]
        parts.append(times(f"{name}, batch {default}", *cases))
        cases = [Case(name, large, precision=BFLOAT16), Case(name, large, form="products")]
        parts.append(times(f"{name}, further", *cases, Case(name, default, dispatch=16)))
    for name in packs:
        parts.append(times(f"{name}, batch 1", *[Case(name, 1, side) for side in both]))
        parts.append(profile(Case(name, 1)))
        cases = [Case(name, 1, side, BFLOAT16) for side in both]
        cases += [Case(name, 1, side, FLOAT32) for side in (JAX, EAGER)]
        parts.append(times(f"{name}, other precisions", *cases))
    parts += [layers(Case(name, large)) for name in main]
    graphs = [Case(name, batch, GRAPHS) for name in main for batch in (default, large)]
    parts.append(times("ST-GAN, CUDA graphs in PyTorch", *graphs))
    if not tiny:
        parts += [times(f"ST-GAN, batch {batch}", *beside(batch)) for batch in (64, 512, 2048)]
        for name in further:
            cases = [Case(name, 4096, side) for side in both]
            parts.append(times(f"{name}, batch 4096", *cases))
    return [part for part in parts if part]


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, required=True, help="a folder")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="gpu")
    parser.add_argument(
        "--budget", type=float, default=450, help="seconds; what is left is skipped"
    )
    parser.add_argument(
        "--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="which; all if none"
    )
    sides = (JAX, EAGER, COMPILED, GRAPHS)
    parser.add_argument("--sides", nargs="+", choices=sides, default=list(sides), help="whose")
    parser.add_argument(
        "--parts", type=int, default=sys.maxsize, help="of the plan, the first ones"
    )
    parser.add_argument(
        "--only", nargs="+", default=[""], help="parts whose names hold one of these"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="of a repeat, at least")
    parser.add_argument("--repeats", type=int, default=3, help="of a measurement")
    parser.add_argument(
        "--threads",
        type=int,
        default=min(8, os.cpu_count() or 1),
        help="that compile JAX's programs",
    )
    parser.add_argument(
        "--tiny", action="store_true", help="networks of a few units, to try the command itself"
    )
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    choose(args.device)
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    # Neither is to find the memory full of what the other one keeps.
    os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.5")
    session = Session(args)
    try:
        session.begin()
        parts = plan(session, args.networks, args.tiny)
        wanted = [part for part in parts if any(text in part[0] for text in args.only)]
        for i, (name, task) in enumerate(wanted):
            session.run(name, task) if i < args.parts else session.skip(name)
    finally:
        session.write()
        session.close()
    print((args.output / "accelerator.md").read_text())


if __name__ == "__main__":
    main()
