"""How much identity is in the walkers' walks: energy images and plain nearest neighbours.

    python benchmarks/walkers_identity.py DATA_DIR [--config silhouettes]

Makes the data set in DATA_DIR unless it is there. A gait energy image is the mean of a sequence's
silhouettes, each scaled to 64 rows and centred on its mass, 64 x 64. Gallery: nm-01 to nm-04 of
every walker; probes: nm-05 and nm-06, bg, cl. A probe is identified if the nearest image of the
gallery, by Euclidean distance, is of the same walker. Printed: rank-1 in the same view by
condition, and of nm probes by the angle between probe's and gallery's view. The outlines of a body
from opposite sides are mirror images, so that beyond 90 degrees views grow alike again: a second
table counts the angle between the lines of sight, at most 90.
"""

import argparse
import collections

import cv2
import numpy as np

import tfds_casia

SIZE = 64


def normalized(mask: np.ndarray) -> np.ndarray:
    """Scales a silhouette [H, W] to 64 rows and centres it on its mass, float32 [64, 64]."""
    rows, columns = np.nonzero(mask)
    top, bottom = rows.min(), rows.max() + 1
    scale = SIZE / (bottom - top)
    shift = [[scale, 0, SIZE / 2 - scale * columns.mean()], [0, scale, -scale * top]]
    flat = mask.astype(np.float32) / 255
    return cv2.warpAffine(flat, np.array(shift), (SIZE, SIZE), flags=cv2.INTER_AREA)


def energy_image(files: np.ndarray) -> np.ndarray:
    """The mean of a sequence's silhouettes, given as PNG files, [64 * 64]."""
    frames = [cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_GRAYSCALE) for file in files]
    return np.mean([normalized(frame) for frame in frames], axis=0).ravel()


def rank1(gallery: np.ndarray, owners: np.ndarray, probes: np.ndarray, own: np.ndarray) -> float:
    """Share of probes [P, D] of walkers `own` [P] whose nearest gallery image is their own."""
    squares = np.square(gallery).sum(1) - 2 * probes @ gallery.T
    return float(np.mean(owners[squares.argmin(axis=1)] == own))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data_dir")
    parser.add_argument("--config", default="silhouettes")
    args = parser.parse_args()
    builder = tfds_casia.Walkers(data_dir=args.data_dir, config=args.config)
    builder.download_and_prepare()
    source = builder.as_data_source("all", decoders={"frames": tfds_casia.PngBytes()})
    images = collections.defaultdict(list)
    for example in source:
        condition = example["condition"].decode()
        group = "gallery" if condition == "nm" and example["sequence"] <= 4 else condition
        images[group, example["view"]].append(
            (energy_image(example["frames"]), example["subject"].decode())
        )
    sets = {
        key: (np.array([image for image, _ in found]), np.array([who for _, who in found]))
        for key, found in images.items()
    }
    views = sorted({view for _, view in sets})
    print(f"{builder.info.metadata}")
    for condition in ("nm", "bg", "cl"):
        rates = [100 * rank1(*sets["gallery", v], *sets[condition, v]) for v in views]
        print(
            f"same view, {condition}: {np.mean(rates):5.1f} %  "
            + " ".join(f"{r:3.0f}" for r in rates)
        )
    by_angle, by_line = collections.defaultdict(list), collections.defaultdict(list)
    for probe_view in views:
        for view in views:
            if view != probe_view:
                rate = rank1(*sets["gallery", view], *sets["nm", probe_view])
                angle = abs(view - probe_view)
                by_angle[angle].append(100 * rate)
                by_line[min(angle, 180 - angle)].append(100 * rate)
    for what, table in (("views", by_angle), ("lines of sight", by_line)):
        for angle, rates in sorted(table.items()):
            print(f"{what} {angle:3}° apart, nm: {np.mean(rates):5.1f} %")


if __name__ == "__main__":
    main()
