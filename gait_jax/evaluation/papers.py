"""What the papers print, as rows beside those that are measured."""

from gait_jax.evaluation.rows import CLEAN, Row

JISA2019, APSIPA2020 = "Tieu et al. 2019", "Tieu et al. 2020"

# How many gaits the recognisers know at best (2019 §1), on CASIA-B; nothing is said of conditions,
# views or gallery.
KNOWN_AT_BEST = "known_at_best"
RECOGNITION = tuple(
    Row(source=JISA2019, method=CLEAN, recogniser=name, metric=KNOWN_AT_BEST, value=value)
    for name, value in {"zheng2011": 0.89, "wu2017": 0.98}.items()
)


def _colour(method: str, metric: str, **by_set: float) -> list[Row]:
    # The paper does not say over which region it measures: the box's row stands nearest.
    return [
        Row(
            source=APSIPA2020,
            method=method,
            metric=metric,
            setting="box",
            condition=name,
            value=value,
        )
        for name, value in by_set.items()
    ]


# Tables I and II of 2020, on CASIA-B: dB, and SSIM of 0 to 1.
COLOUR = (
    *_colour(
        "baseline", "psnr", plain=24.2417, textural=23.6273, complete=24.1035, incomplete=23.9494
    ),
    *_colour("baseline", "ssim", plain=0.9062, textural=0.8970, complete=0.9042, incomplete=0.9047),
    *_colour(
        "network", "psnr", plain=24.7302, textural=24.2822, complete=24.8346, incomplete=24.4664
    ),
    *_colour("network", "ssim", plain=0.9142, textural=0.9065, complete=0.9094, incomplete=0.9126),
)
