"""Whether anonymisers give whole people from incomplete silhouettes (2020, §II-B).

    python benchmarks/incomplete.py runs/dcgan shipped:stgan [--views 0 54 90 126]

Films the test people of apsipa2020 among 40 walkers (nm-05 and cl-01), and tears their silhouettes
as `tfds_casia.walkers.segmentation` does, which no anonymiser has learnt from. Each run anonymises
the complete and the incomplete ones. Printed, of the frames whose complete silhouette is usable:
how many could be anonymised; how many of all of them are one whole person beside the complete
original (see `gait.naturalness.is_person_like`), with a 95 % interval over people; the IoU with the
complete original, where the identity is 1; and the same of the silhouettes themselves. `--sheet
FILE.png` shows frames of it.
"""

import argparse
import pathlib
from collections.abc import Iterator, Sequence

import cv2
import jax
import numpy as np

from gait_jax import runs
from gait_jax.data.groups import assign
from gait_jax.evaluation.identification import rate
from gait_jax.gait import silhouette
from gait_jax.gait.framing import Framing
from gait_jax.gait.naturalness import is_person_like
from gait_jax.runtime import keys
from tfds_casia.walkers import camera, recording, segmentation
from tfds_casia.walkers.recording import WalkName

# (complete, incomplete) masks [H, W] uint8 of 0 and 1.
Walk = tuple[list[np.ndarray], list[np.ndarray]]

_SEED = 0
_WALKS = (("nm", 5), ("cl", 1))
_SHEET_FRAMES, _SHEET_ROWS = 16, 8


def film(subject: int, condition: str, number: int, views: Sequence[int]) -> Iterator[Walk]:
    """One walk, by view."""
    name = WalkName(subject, condition, number)
    moving = recording.move(_SEED, name)
    for view in views:
        sight = recording.see(moving, view)
        rng = recording.stream("segmentation", _SEED, *name.numbers, view)
        kinds = (sight.masks, sight.window), segmentation.degrade(moving.figure, sight, rng)
        shape = (camera.HEIGHT, camera.WIDTH)
        yield tuple([mask // 255 for mask in window.paste(m, shape)] for m, window in kinds)


def judged(made: list[np.ndarray], whole: list[np.ndarray]) -> np.ndarray:
    """[F, 3] of the frames whose complete silhouette is usable: made, one whole person, IoU."""
    found = []
    for mask, original in zip(made, map(silhouette.clean, whole), strict=True):
        if silhouette.flaw(original) is None:
            known = bool(mask.any())
            one = known and is_person_like(mask, original)
            both = np.count_nonzero(mask & original) / np.count_nonzero(mask | original)
            found.append((known, one, both if known else np.nan))
    return np.array(found, float).reshape(-1, 3)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", help="workdirs, models, or shipped:NAME")
    parser.add_argument("--subjects", type=int, default=40)
    parser.add_argument("--people", type=int, nargs="+", help="numbers; by default who is tested")
    parser.add_argument("--views", type=int, nargs="+", default=camera.VIEWS)
    parser.add_argument("--sheet", type=pathlib.Path)
    args = parser.parse_args()
    names = [f"{k:03d}" for k in range(1, args.subjects + 1)]
    people = args.people or [int(name) for name in assign("apsipa2020", names)["test"]]
    anonymizers = {name: runs.open_run(name).anonymizer() for name in args.runs}
    lines = ["the silhouettes themselves", *args.runs]
    values: dict[tuple[str, str], list[np.ndarray]] = {}
    owners: dict[tuple[str, str], list[np.ndarray]] = {}
    sheet: list[np.ndarray] = []
    for subject in people:
        for condition, number in _WALKS:
            walks = film(subject, condition, number, args.views)
            for view, (whole, torn) in zip(args.views, walks, strict=True):
                rows = []
                for kind, given in (("complete", whole), ("incomplete", torn)):
                    key = keys.named_key(jax.random.key(0), f"{subject} {condition} {view}")
                    results = [[silhouette.clean(mask) for mask in given]]
                    results += [one(given, key).masks for one in anonymizers.values()]
                    for line, made in zip(lines, results, strict=True):
                        found = judged(made, whole)
                        values.setdefault((line, kind), []).append(found)
                        owners.setdefault((line, kind), []).append(np.full(len(found), subject))
                    rows += results
                if len(sheet) < _SHEET_ROWS and condition == "nm" and subject % 2:
                    sheet.append(drawn(whole, rows))
    for line in lines:
        for kind in ("complete", "incomplete"):
            found = np.concatenate(values[line, kind])
            whole = rate(found[:, 1], np.concatenate(owners[line, kind]))
            interval = "" if whole.low is None else f" ({whole.low:.2%} to {whole.high:.2%})"
            print(
                f"{line}, {kind}: {len(found)} frames, made {found[:, 0].mean():.2%}, whole "
                f"{whole.value:.2%}{interval}, IoU {np.nanmean(found[:, 2]):.3f}"
            )
    if args.sheet:
        cv2.imwrite(str(args.sheet), np.vstack(sheet))


def drawn(whole: list[np.ndarray], rows: list[list[np.ndarray]]) -> np.ndarray:
    """Some frames of a walk, a row for each of what became of it, framed by the complete ones."""
    usable = [t for t, mask in enumerate(whole) if silhouette.flaw(silhouette.clean(mask)) is None]
    shown = [usable[i] for i in np.linspace(0, len(usable) - 1, _SHEET_FRAMES, dtype=int)]
    cells = [[Framing.of(whole[t]).cut(row[t], 96, 72) for t in shown] for row in (whole, *rows)]
    return np.vstack([np.hstack(row) for row in cells])


if __name__ == "__main__":
    main()
