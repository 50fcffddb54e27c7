"""What a profile by JAX tells of a device: how long it is busy, and with what."""

import collections
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

_NAMED = re.compile(r'^\s*(?:ROOT )?%?([\w.-]+) = .*?op_name="([^"]*)"', re.MULTILINE)


class Event(NamedTuple):
    """Something that a device did.

    Attributes:
      operation: of the compiled program, as XLA names it; "" where that is not known.
      kernel: what ran on the device.
      begin: nanoseconds.
      end: nanoseconds.
    """

    operation: str
    kernel: str
    begin: float
    end: float


def busy(events: Iterable[Event]) -> float:
    """Nanoseconds in which at least one of the events was going on."""
    total, until = 0.0, float("-inf")
    for event in sorted(events, key=lambda e: e.begin):
        total += max(0.0, event.end - max(event.begin, until))
        until = max(until, event.end)
    return total


def operations(program: str) -> dict[str, str]:
    """Where each operation of a compiled program's text comes from in the source's terms.

    Also by the names that kernels have, which know no dots.
    """
    named = dict(_NAMED.findall(program))
    return {_kernel_name(name): source for name, source in named.items()} | named


def _kernel_name(operation: str) -> str:
    return re.sub(r"[.-]", "_", operation)


def costliest(
    events: Iterable[Event], steps: int, sources: Mapping[str, str], most: int
) -> list[dict[str, Any]]:
    """The operations that took longest in all.

    Args:
      events: of `steps` steps.
      steps: how many.
      sources: see `operations`.
      most: how many to name.

    Returns:
      By falling time: name, kernel, source ("" where unknown), microseconds and calls a step, and
      the share of all events' time.
    """
    sums: dict[tuple[str, str], list[float]] = collections.defaultdict(lambda: [0.0, 0])
    for event in events:
        entry = sums[event.operation, event.kernel]
        entry[0] += event.end - event.begin
        entry[1] += 1
    total = sum(time for time, _ in sums.values())
    ranked = sorted(sums.items(), key=lambda item: -item[1][0])[:most]
    return [
        {
            "name": operation or kernel,
            "kernel": kernel,
            # Kernels of a graph that is launched at once have that launch's operation.
            "source": sources.get(kernel) or sources.get(operation, ""),
            "microseconds": time / steps / 1000,
            "calls": calls / steps,
            "share": time / total,
        }
        for (operation, kernel), (time, calls) in ranked
    ]


def summary(events: list[Event], steps: int, sources: Mapping[str, str]) -> dict[str, Any]:
    """What `steps` steps did: times in milliseconds a step, `idle` of the time they took."""
    if not events:
        raise ValueError("the profile holds no event of the device")
    window = max(e.end for e in events) - min(e.begin for e in events)
    active = busy(events)
    return {
        "steps": steps,
        "busy_ms": active / steps / 1e6,
        "window_ms": window / steps / 1e6,
        "idle": 1 - active / window,
        "kernels": len(events) / steps,
        "costliest": costliest(events, steps, sources, 40),
    }


def read(folder: pathlib.Path) -> list[Event]:
    """The device's events of a profile; on the CPU those of XLA's operations.

    Args:
      folder: that `jax.profiler.start_trace` was given.
    """
    import jax

    profiles = [jax.profiler.ProfileData.from_file(str(p)) for p in folder.rglob("*.xplane.pb")]
    planes = [plane for profile in profiles for plane in profile.planes]
    events = []
    for plane in planes:
        if plane.name.startswith("/device:"):
            # Lines by other names sum up what the streams did.
            streams = [line for line in plane.lines if line.name.startswith("Stream")]
            for line in streams or list(plane.lines):
                events += [_event(e, dict(e.stats)) for e in line.events]
    if events:
        return events
    lines = [line for p in planes if p.name.startswith("/host:") for line in p.lines]
    found = [(event, dict(event.stats)) for line in lines for event in line.events]
    return [_event(event, stats) for event, stats in found if "hlo_op" in stats]


def _event(event: Any, stats: Mapping[str, Any]) -> Event:
    begin = event.start_ns
    operation = str(stats.get("hlo_op", ""))
    return Event(operation, event.name, begin, begin + event.duration_ns)
