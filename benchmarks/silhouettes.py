"""How anonymised silhouettes compare with their originals: shape, movement, outline.

    python benchmarks/silhouettes.py DIR OUT [--only SUBJECT ...]

DIR is the tree given to `python -m gait_jax.anonymize`, OUT what it wrote. Originals are cleaned
first, as the anonymiser does. Printed over all frames that were anonymised (see
`gait_jax.gait.naturalness`): the share that is one person-like region; movement, the IoU of
neighbouring frames over the original's; the boundary's length and total turning over the original's
(5th percentile, median, 95th percentile); the overlap with the original; how far standing feet go
with the body, of its way, beside the original's; and, as means over sequences, what the anonymiser
measured of its own work (ST-GAN's `distance`: ‖Ŷ-Y‖₁ a point, in body heights).
"""

import argparse
import json
import pathlib

import cv2
import numpy as np

from gait_jax.gait import naturalness, silhouette


def _read(path: pathlib.Path) -> np.ndarray:
    return silhouette.binarize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", help="only sequences with one of these in their path")
    args = parser.parse_args()
    report = json.loads((args.out / "report.json").read_text())
    total: dict[str, list[float]] = {}
    measures: dict[str, list[float]] = {}
    sequences = 0
    for entry in report["sequences"]:
        name = entry["name"]
        if args.only and not set(args.only) & set(pathlib.Path(name).parts):
            continue
        files = sorted((args.out / name).glob("*.png"))
        originals = [silhouette.clean(_read(args.directory / name / f.name)) for f in files]
        for key, values in naturalness.measure(originals, [_read(f) for f in files]).items():
            total.setdefault(key, []).extend(values)
        sequences += bool(entry["anonymized"])
        for key, value in entry["measures"].items():
            measures.setdefault(key, []).append(value)
    found = naturalness.summarize(total)
    print(
        f"frames      {found['frames']} of {sequences} sequences, "
        f"{report['method']}, step {report['checkpoint_step']}"
    )
    print(f"one region  {100 * found['one_region']:.2f} %")
    print(f"movement    {found['movement']:.4f} of the original's")
    for name in ("outline", "turning"):
        low, median, high = np.percentile(total[name], [5, 50, 95])
        print(f"{name:11} {low:.3f} {median:.3f} {high:.3f}")
    print(f"overlap     {found['overlap']:.4f}")
    if "foot_slide" in found:
        print(
            f"foot slide  {found['foot_slide']:.3f} (original {found['foot_slide_original']:.3f})"
        )
    for name, values in measures.items():
        print(f"{name:11} {np.mean(values):.4f}")


if __name__ == "__main__":
    main()
