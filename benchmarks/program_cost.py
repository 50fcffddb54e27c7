"""What a compiled program asks of a device: operations and bytes."""

import math
import re
from typing import Any

import jax
from jaxlib import _jax

_COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.-]+) .*\{$")
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?([\w.-]+) = (.*?) ([\w-]+)\((.*)$")
_SHAPE = re.compile(r"\b(pred|[a-z]+\d+)\w*\[([\d,]*)\]")
_TRIPS = re.compile(r'known_trip_count[^}]*?"?n"?:"?(\d+)')
_CALLED = re.compile(r"(?:body|to_apply|calls)=%?([\w.-]+)")
_ROOM = re.compile(r"\b[su]8\[\d+\]")
# They move nothing.
_FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "iota", "after-all"}
_NESTED = {"while", "call", "async-start"}


def operations(lowered: Any) -> float:
    """XLA's own count of a step's operations, before optimisation.

    In a compiled program it would see none in the products and convolutions that are handed to a
    library; and where a GPU is the default, only the CPU's client counts. Of a loop it counts one
    turn.

    Args:
      lowered: a `jax.stages.Lowered`.
    """
    module = lowered.compiler_ir("hlo").as_hlo_module()
    client = jax.devices("cpu")[0].client
    return float(_jax.hlo_module_cost_analysis(client, module)["flops"])


def _bytes(shape: str) -> int:
    """Of an array, or of all arrays of a tuple, such as "(f32[2,3]{1,0}, pred[])"."""
    total = 0
    for kind, sizes in _SHAPE.findall(shape):
        bits = 8 if kind == "pred" else int(re.sub(r"\D", "", kind))
        total += math.prod(map(int, filter(None, sizes.split(",")))) * max(bits, 8) // 8
    return total


def traffic(program: str) -> int:
    """Bytes that a program's kernels are given and give, each operand once a kernel.

    What a kernel reads only a part of counts as a whole: an upper bound, but for what a kernel
    reads more than once.

    Args:
      program: a compiled program's text.
    """
    computations: dict[str, list[tuple[str, str, str, str]]] = {}
    entry, lines = "", []
    for line in program.splitlines():
        if begins := _COMPUTATION.match(line):
            lines = computations.setdefault(begins[2], [])
            entry = begins[2] if begins[1] else entry
        elif found := _INSTRUCTION.match(line):
            lines.append(found.groups())

    def of(name: str) -> int:
        sizes = {name: _bytes(shape) for name, shape, _, _ in computations[name]}
        total = 0
        for own, shape, opcode, rest in computations[name]:
            if opcode in _FREE:
                continue
            called = _CALLED.search(rest) if opcode in _NESTED else None
            if called and called[1] in computations:
                trips = _TRIPS.search(rest)
                total += (int(trips[1]) if trips else 1) * of(called[1])
                continue
            if opcode == "custom-call":
                # Room to work in, which a library's kernel may never touch.
                given = _bytes(_ROOM.sub("", shape))
            else:
                given = sizes[own]
            operands = re.findall(r"%([\w.-]+)", rest.split(")", 1)[0])
            total += given + sum(sizes.get(operand, 0) for operand in operands)
        return total

    return of(entry)
