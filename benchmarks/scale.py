"""What data sets of the field cost to prepare, train on and judge on 1, 8 and 64 accelerators.

    python benchmarks/scale.py

Computes: nothing runs here. What a frame costs was measured on walkers of CASIA-B's shape, and what
a step costs on one H100; the rest are data sheets. Printed is the table of docs/scale.md, which
names each number's source.

- Preparing and judging take processor cores. One process makes what is derived while the others
  wait, with all cores of its host; an evaluation's pieces are shared out among all hosts.
- Training is bound by memory, so that another chip's step is taken to be as long as its memory is
  slow. Every chip takes batches of 256 windows; gradients are added up after each step, and nothing
  of that is hidden behind what is computed. No process feeds a chip faster than was measured.
"""

import argparse
import dataclasses

# Windows of so many frames, so many frames apart: as in `configs/stgan.py`.
_FRAMES, _STRIDE = 32, 8
_BATCH = 256
# Passes over the data that a training is counted with.
_PASSES = 100
_CHIPS_OF_A_HOST, _CORES_OF_A_CHIP = 8, 16


@dataclasses.dataclass(frozen=True)
class Chip:
    """An accelerator.

    Attributes:
      name: of it.
      memory: bytes a second.
      near: bytes a second in each direction between chips of a host.
      far: likewise between hosts.
    """

    name: str
    memory: float
    near: float
    far: float


H100 = Chip("H100", 3.35e12, 450e9, 50e9)
CHIPS = (H100, Chip("v5e", 0.819e12, 200e9, 200e9))


@dataclasses.dataclass(frozen=True)
class Layout:
    """ST-GAN on contours of one layout.

    Attributes:
      name: of the layout.
      rate: frames a second of its step on one H100.
      fed: frames a second that one process takes from contours that are kept.
      gradients: bytes of them in a step.
    """

    name: str
    rate: float
    fed: float
    gradients: float


# Steps as docs/benchmarks.md has them: batches of 256 windows of 16.
LAYOUTS = (
    Layout("resampled", 16 * 32_300, 498_000, 4 * 1_426_916),
    Layout("padded", 16 * 13_500, 251_000, 4 * 4_580_740),
)
# Frames of each.
SETS = {"CASIA-B": 857_285, "GREW": 14_185_478, "OU-MVLP": 267_388 * 25}
# Seconds of one core for a frame.
PREPARED = {"read": 0.43e-3, "gaits": 0.67e-3, "contours": 0.10e-3, "gait energy images": 0.29e-3}
# Anonymised by the stand-in, and scored by GaitSet, Wu et al. and Zheng et al., two attackers.
JUDGED = 9.8e-3


def added(chip: Chip, chips: int, gradients: float) -> float:
    """Seconds in which chips add up their gradients, in a ring."""
    if chips == 1:
        return 0.0
    slowest = chip.near if chips <= _CHIPS_OF_A_HOST else chip.far
    return 2 * (chips - 1) / chips * gradients / slowest


def trained(chip: Chip, chips: int, layout: Layout, frames: int) -> tuple[float, bool]:
    """Seconds of a training, and whether it waits for its data."""
    rate = layout.rate * chip.memory / H100.memory
    computing = _BATCH * _FRAMES / rate + added(chip, chips, layout.gradients)
    feeding = _BATCH * _FRAMES / layout.fed
    steps = _PASSES * frames / _STRIDE / (_BATCH * chips)
    return steps * max(computing, feeding), feeding > computing


def cores(chips: int) -> int:
    """Processor cores of one host of so many chips."""
    return _CORES_OF_A_CHIP * min(chips, _CHIPS_OF_A_HOST)


def told(seconds: float) -> str:
    """A time in a table, with two digits that count."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"


def rows() -> list[list[str]]:
    """The table's rows: set, what, and a time for each number of each chip."""
    found = []
    counts = [(chip, number) for chip in CHIPS for number in (1, 8, 64)]
    for name, frames in SETS.items():
        found.append(
            [name, "prepare"]
            + [told(frames * sum(PREPARED.values()) / cores(number)) for _, number in counts]
        )
        for layout in LAYOUTS:
            times = [trained(chip, number, layout, frames) for chip, number in counts]
            found.append(
                [name, f"train, {layout.name}"]
                + [told(seconds) + " *" * waits for seconds, waits in times]
            )
        found.append(
            [name, "judge"]
            + [told(frames * JUDGED / (_CORES_OF_A_CHIP * number)) for _, number in counts]
        )
    return found


def main() -> None:
    """Prints the table."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    head = ["", ""] + [f"{number} {chip.name}" for chip in CHIPS for number in (1, 8, 64)]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows():
        print("| " + " | ".join(row) + " |")
    print("\n* waits for its data: one process a chip does not take batches fast enough.")


if __name__ == "__main__":
    main()
