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

_VIEWS = tuple(range(0, 181, 18))


def _scores(metric: str, judge: str, **by_alpha: tuple[float, ...]) -> list[Row]:
    return [
        Row(
            source=JISA2019,
            method=f"alpha_{alpha.removeprefix('a')}",
            recogniser=judge,
            metric=metric,
            setting=f"α = {alpha[1]}.{alpha[2]}",
            view=str(view),
            value=value,
        )
        for alpha, values in by_alpha.items()
        for view, value in zip(_VIEWS, values, strict=True)
    ]


# Tables 2 and 3 of 2019, on CASIA-B. Those of its baseline and of the originals are curves alone.
SCORES = (
    *_scores(
        "frame_score",
        "YOLOv3",
        a02=(
            0.9764,
            0.9762,
            0.9751,
            0.9706,
            0.9699,
            0.9671,
            0.9672,
            0.9690,
            0.9679,
            0.9690,
            0.9694,
        ),
        a03=(
            0.9668,
            0.9664,
            0.9646,
            0.9590,
            0.9567,
            0.9556,
            0.9555,
            0.9574,
            0.9541,
            0.9568,
            0.9575,
        ),
        a04=(
            0.9558,
            0.9550,
            0.9533,
            0.9461,
            0.9386,
            0.9366,
            0.9363,
            0.9433,
            0.9418,
            0.9450,
            0.9464,
        ),
    ),
    *_scores(
        "video_score",
        "ResNeXt-101",
        a02=(
            0.5738,
            0.5468,
            0.6575,
            0.5311,
            0.6268,
            0.5289,
            0.5174,
            0.5351,
            0.6239,
            0.6070,
            0.5335,
        ),
        a03=(
            0.5437,
            0.5353,
            0.6291,
            0.5197,
            0.6036,
            0.5225,
            0.5090,
            0.5321,
            0.6083,
            0.5887,
            0.5167,
        ),
        a04=(
            0.5185,
            0.5220,
            0.6016,
            0.4929,
            0.5956,
            0.5156,
            0.4969,
            0.5242,
            0.6004,
            0.5827,
            0.4983,
        ),
    ),
)
