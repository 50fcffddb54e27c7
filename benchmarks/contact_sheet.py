"""Walks beside what anonymisers made of them, as a picture to look at.

    python benchmarks/contact_sheet.py DIR OUT.png --of ST-GAN=TREE --of Stand-in=TREE

DIR is a tree of silhouettes, each TREE what `python -m gait_jax.anonymize DIR -o TREE` wrote. Shown
are some sequences, evenly taken from all: a row of frames each of the original and of each tree, at
the size at which they stand in the pictures, cut to where anybody walks.
"""

import argparse
import pathlib

import cv2
import numpy as np

from gait_jax.gait import silhouette

_GAP, _LABEL = 4, 90


def _read(path: pathlib.Path) -> np.ndarray:
    return silhouette.binarize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def strip(masks: list[np.ndarray], box: tuple[int, int, int, int], columns: int) -> np.ndarray:
    """Masks cut to a box's rows, each about its own body: [height, len(masks) * columns]."""
    _, top, _, height = box
    cells = []
    for mask in masks:
        cell = np.zeros((height, columns), np.uint8)
        left, _, width, _ = cv2.boundingRect(mask)
        if width:
            start = left + width // 2 - columns // 2
            part = mask[top : top + height, max(start, 0) : max(start + columns, 0)]
            at = max(-start, 0)
            cell[:, at : at + part.shape[1]] = part[:, : columns - at]
        cells.append(cell)
    return np.hstack(cells)


def sequence(folders: dict[str, pathlib.Path], frames: int) -> np.ndarray:
    """A sequence's rows, one for each folder, labelled: black on white."""
    names = sorted(path.name for path in next(iter(folders.values())).glob("*.png"))
    margin = len(names) // 8
    chosen = [names[i] for i in np.linspace(margin, len(names) - 1 - margin, frames).astype(int)]
    walks = {label: [_read(folder / name) for name in chosen] for label, folder in folders.items()}
    union = np.max([mask for walk in walks.values() for mask in walk], axis=0)
    box = cv2.boundingRect(union)
    columns = round(0.75 * box[3])
    rows = []
    for label, walk in walks.items():
        drawn = 255 - 255 * strip(walk, box, columns)
        side = np.full((drawn.shape[0], _LABEL), 255, np.uint8)
        cv2.putText(
            side, label, (4, drawn.shape[0] // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA
        )
        rows += [np.hstack([side, drawn]), np.full((_GAP, drawn.shape[1] + _LABEL), 255, np.uint8)]
    return np.vstack(rows)


def main() -> None:
    """Draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("--of", action="append", default=[], metavar="LABEL=TREE")
    parser.add_argument("--sequences", type=int, default=6)
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--only", help="only sequences with this in their path")
    args = parser.parse_args()
    trees = {"original": args.directory}
    for given in args.of:
        label, _, tree = given.partition("=")
        trees[label] = pathlib.Path(tree)
    found = sorted(
        {path.parent.relative_to(args.directory) for path in args.directory.rglob("*.png")}
    )
    found = [name for name in found if not args.only or args.only in str(name)]
    count = min(args.sequences, len(found))
    chosen = [found[i] for i in np.linspace(0, len(found) - 1, count).astype(int)]
    sheets = [
        sequence({label: tree / name for label, tree in trees.items()}, args.frames)
        for name in chosen
    ]
    width = max(sheet.shape[1] for sheet in sheets)
    wide = [np.pad(s, ((0, 8), (0, width - s.shape[1])), constant_values=255) for s in sheets]
    cv2.imwrite(str(args.picture), np.vstack(wide))


if __name__ == "__main__":
    main()
