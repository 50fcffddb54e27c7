"""Pictures: frames of a data set, backgrounds, masks."""

import json

import cv2
import numpy as np
from drawn import draw_walk

from fuzzing import pngs
from fuzzing.kind import CASE, READ, SKIPPED, Kind, check
from fuzzing.mutate import mutated
from gait_jax.anonymization.options import read_background
from gait_jax.video import segmenters
from tfds_casia import png

_FRAME, _PLATE, _MASKS = "frame", "background", "masks"


class Pictures(Kind):
    """Readers of pictures: `png.to_grey_png`, `read_background` and `GivenMasks`."""

    limit = 10.0

    def __init__(self, seeds):
        super().__init__(seeds)
        self._masks = draw_walk(6)
        colour = cv2.merge([self._masks[0], self._masks[1], self._masks[2]])
        self._others = tuple(
            cv2.imencode(suffix, colour)[1].tobytes()
            for suffix in (".jpg", ".bmp", ".webp", ".tiff", ".ppm")
        )

    def write(self, rng, folder):
        mask = rng.choice(self._masks)
        if rng.random() < 0.2:
            # Odd sizes, down to a pixel.
            mask = np.ascontiguousarray(mask[: rng.randint(1, 40), : rng.randint(1, 40)])
        form = rng.randrange(4)
        data = cv2.imencode(".png", mask)[1].tobytes()
        expected = None
        if form == 0:
            data = pngs.unusual(rng, mask)
            expected = (mask > 0).astype(int).tolist()
        elif form == 1:
            data = pngs.rearranged(rng, rng.choice((data, pngs.unusual(rng, mask))))
        elif form == 2:
            data = mutated(rng, rng.choice((data, pngs.unusual(rng, mask))), self._others)
        else:
            data = mutated(rng, rng.choice(self._others))
        reader = rng.choice((_FRAME, _FRAME, _PLATE, _MASKS))
        (folder / "masks").mkdir()
        (folder / "masks" / "1.png").write_bytes(data)
        case = {"reader": reader, "shape": mask.shape, "expected": expected}
        (folder / CASE).write_text(json.dumps(case))

    def read(self, folder):
        case = json.loads((folder / CASE).read_text())
        path, expected = folder / "masks" / "1.png", case["expected"]
        if case["reader"] == _FRAME:
            return self._frame(path.read_bytes(), expected)
        if case["reader"] == _PLATE:
            found = read_background(path)
            check(found.dtype == np.uint8 and found.ndim == 3, f"background of shape {found.shape}")
            check(found.shape[2] == 3 and found.size, f"background of shape {found.shape}")
            found = found.max(axis=2) > 127
        else:
            shape = tuple(case["shape"])
            found = segmenters.GivenMasks(folder / "masks", shape, 1)(np.zeros((*shape, 3)))
            check(found.shape == shape and found.max() <= 1, "no mask of the clip's size")
        check(expected is None or np.array_equal(found, expected), "other pixels than stored")
        return READ

    @staticmethod
    def _frame(data: bytes, expected: list | None) -> str:
        try:
            grey = png.to_grey_png(data)
        except png.UnreadableFrameError as error:
            check(expected is None, f"refused a valid file ({error})")
            check("\n" not in str(error), "a reason of several lines")
            return SKIPPED
        image = cv2.imdecode(np.frombuffer(grey.data, np.uint8), cv2.IMREAD_UNCHANGED)
        check(image is not None, "stored what cannot be decoded")
        check(image.dtype == np.uint8 and image.ndim == 2, f"stored {image.dtype} {image.shape}")
        check(grey.black == (not image.any()), "wrong about being black")
        check(png.to_grey_png(grey.data) == png.GreyPng(grey.data, False, grey.black), "not stable")
        check(expected is None or np.array_equal(image > 127, expected), "other pixels than stored")
        return READ
