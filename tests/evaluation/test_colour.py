import itertools
import json
import math
import types

import colour_walkers
import pytest
from drawn import load_config

from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.evaluation.colour_scores import ColourScores
from gait_jax.evaluation.colour_walks import body_for, sets_of
from gait_jax.evaluation.evaluation import evaluate
from gait_jax.evaluation.evaluators import colour
from gait_jax.evaluation.evaluators.colour import NEAREST, PARTS
from gait_jax.evaluation.papers import APSIPA2020
from gait_jax.evaluation.rows import MEASURED, read_csv
from gait_jax.runtime.errors import InputError

_TINY = {
    "batch_size": 2,
    "train_steps": 1,
    "log_every": 1,
    "eval_every": 1,
    "checkpoint_every": 1,
    "eval_batch": 2,
    "data.size": 32,
    "data.stride": 40,
    "network.widths": (4, 8),
    "network.hidden": 8,
    "network.reach": (2,),
}


@pytest.fixture
def config(data_dir, monkeypatch):
    colour_walkers.patch(monkeypatch)
    config = load_config("colour_quality", "walkers")
    for name in ("network", "baseline"):
        tiny = {f"colourisers.{name}.train.{k}": v for k, v in _TINY.items()}
        if name == "baseline":
            del tiny["colourisers.baseline.train.network.reach"]
        config.update_from_flattened_dict(tiny)
    config.evaluators.colour.walks, config.evaluators.colour.frames = 1, 2
    config.data.data_dir = str(data_dir)
    # As the papers measure: the anonymised person stands where the original stood.
    config.anonymizer.checkpoint = "shipped:stgan"
    return config


def test_the_sets_of_a_frame():
    assert sets_of("plain", False) == ("complete", "plain")
    assert sets_of("textural", False) == ("complete", "textural")
    assert sets_of("plain", True) == ("incomplete",)
    # CASIA-B does not say what people wear.
    assert sets_of("", False) == ("complete",)


def test_colours_are_measured_and_reported_beside_the_papers(config, tmp_path, monkeypatch):
    results = evaluate(config, tmp_path / "run", progress=False)
    assert list(results["methods"]) == ["baseline", "network"]
    frame = read_csv(tmp_path / "run" / "results.csv")
    assert set(frame["source"]) == {MEASURED, APSIPA2020}
    measured = frame[(frame["source"] == MEASURED) & (frame["against"] == "")]
    assert set(measured["method"]) == {NEAREST, PARTS, "network", "baseline"}
    rows = {(r.setting, r.method, r.condition, r.metric): r for r in measured.itertuples()}
    # One walk, two frames, in one kind of clothing.
    (clothing,) = set(measured["condition"]) - {"complete", "incomplete"}
    assert clothing in ("plain", "textural")
    names = ("complete", "incomplete", clothing)
    # Only of twins it is known where the joints are.
    forms = {"box": 3, "overlap": 3, "twin": 4, "twin_later": 4}
    assert len(rows) == len(measured) == sum(forms.values()) * 3 * 2
    for form, methods in forms.items():
        for method in (NEAREST, "network", "baseline", PARTS)[:methods]:
            for name in names:
                psnr, ssim = (rows[form, method, name, metric] for metric in ("psnr", "ssim"))
                assert psnr.n == ssim.n == 2 and 0 < ssim.value <= 1
                assert psnr.value == math.inf or 5 < psnr.value < 60
    psnr = {key[:3]: row.value for key, row in rows.items() if key[3] == "psnr"}
    # Eq 9 copies what both gaits share; the barely trained network only comes near.
    assert psnr["overlap", NEAREST, "complete"] == math.inf
    assert psnr["overlap", "network", "complete"] < math.inf
    # Eq 9 takes colours by the silhouette that is torn, and so does what learnt from it; the
    # network, its crop alone. Of the twin all have the same anonymised gait.
    torn = {
        method: abs(psnr["twin", method, "complete"] - psnr["twin", method, "incomplete"])
        for method in (NEAREST, "network")
    }
    assert torn["network"] < 0.5 * torn[NEAREST]
    # The incomplete column's gait was made of the incomplete silhouette: another box.
    assert psnr["box", "network", "complete"] != psnr["box", "network", "incomplete"]
    # On the same frames, so that differences are those of the means; one person has no interval.
    more = frame[frame["metric"] == "ssim_over_method"].set_index(
        ["setting", "method", "against", "condition"]
    )
    pair = more.loc["twin", "baseline", NEAREST, "complete"]
    apart = [rows["twin", name, "complete", "ssim"].value for name in ("baseline", NEAREST)]
    assert pair["value"] == pytest.approx(apart[0] - apart[1]) and pair["n"] == 2
    assert more["low"].isna().all()

    kept = json.loads((tmp_path / "run" / "results.json").read_text())
    assert kept["rows"] == results["rows"] and kept["protocol"] is None
    page = (tmp_path / "run" / "report.html").read_text()
    assert "SYNTHETIC" in page.upper() and "data:image/png" in page
    # As the paper prints it, and as it was measured.
    assert "24.73" in page and "0.914" in page
    assert f"{psnr['box', NEAREST, 'complete']:.2f}" in page
    sheet = tmp_path / "run" / "sheet.png"
    before = sheet.read_bytes()
    sheet.unlink()

    # What was painted is not painted again.
    monkeypatch.setattr(colour, "_compared", None)
    assert evaluate(config, tmp_path / "run", progress=False)["rows"] == results["rows"]
    assert sheet.read_bytes() == before
    (kept,) = (tmp_path / "run" / "colour").glob("0-*.png")
    kept.unlink()
    with pytest.raises(InputError, match="a picture is missing.*: remove it"):
        evaluate(config, tmp_path / "run", progress=False)


def test_a_twin_is_somebody_else():
    everybody = ["001", "002", "003", "004"]
    assert body_for("002", ["002", "003"], everybody) == "003"
    assert body_for("003", ["002", "003"], everybody) == "002"
    # A group of one: anybody in the data set will do.
    assert body_for("004", ["004"], everybody) == "001"
    with pytest.raises(InputError, match="001 is alone in the data set"):
        body_for("001", ["001"], ["001"])


def test_scores_keep_whose_they_are():
    scores = ColourScores()
    for k in range(10):
        # Frame 0 is of all, frame 1 of the first method alone.
        for frame in (0, 1):
            scores.add("twin", "a", "plain", (f"w{k}", frame), f"p{k}", (20.0 + k, 0.5))
        scores.add("twin", "b", "plain", (f"w{k}", 0), f"p{k}", (22.0 + k, 0.4))
    found = {(row.method, row.metric): row for row in scores.rows()}
    assert found["a", "psnr"].value == pytest.approx(24.5) and found["a", "psnr"].n == 20
    assert found["a", "psnr"].low < 24 < 25 < found["a", "psnr"].high
    more = {row.metric: row for row in scores.differences()}
    # People differ, the difference does not: its interval is a point.
    row = more["psnr_over_method"]
    assert (row.method, row.against, row.condition, row.n) == ("b", "a", "plain", 10)
    assert (row.value, row.low, row.high) == (2.0, 2.0, 2.0)
    assert more["ssim_over_method"].value == pytest.approx(-0.1)


def test_what_is_exact_has_neither_interval_nor_difference():
    scores = ColourScores()
    for k in range(10):
        scores.add("overlap", "a", "plain", ("w", k), f"p{k}", (math.inf if k else 30.0, 1.0))
        scores.add("overlap", "b", "plain", ("w", k), f"p{k}", (30.0, 0.5))
    first = next(scores.rows())
    assert (first.value, first.low, first.n) == (math.inf, None, 10)
    assert [row.metric for row in scores.differences()] == ["ssim_over_method"]


def test_a_run_of_another_method_colours_nothing(config, trained_run, tmp_path):
    config.colourisers.network.checkpoint = str(trained_run)
    with pytest.raises(InputError, match="is a run of stgan, which colours nothing"):
        evaluate(config, tmp_path / "run", progress=False)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("methods", "lacks methods"),
        ("evaluators", "lacks evaluators"),
        ("seed", "lacks the field seed"),
        ("data.name", "lacks the field data.name"),
        ("data.group", "lacks the field data.group"),
        ("data.groups", "lacks the field data.groups"),
        ("data.plate_error", "lacks the field data.plate_error"),
        ("anonymizer", "lacks the field anonymizer.checkpoint"),
        ("evaluators.colour.walks", "lacks the field evaluators.colour.walks"),
        ("colourisers.network.label", "lacks the field colourisers.network.label"),
        ("colourisers.network.checkpoint", "lacks the field colourisers.network.checkpoint"),
    ],
)
def test_configurations_that_lack_something(config, tmp_path, field, message):
    group, _, name = field.rpartition(".")
    with config.unlocked():
        where = config
        for part in group.split(".") if group else ():
            where = where[part]
        del where[name]
    with pytest.raises(InputError, match=message):
        evaluate(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["identification", "naturalness"])
def test_whoever_asks_for_people_needs_a_protocol(config, tmp_path, name):
    own = {"identification": {"ranks": (1,)}, "naturalness": {"every": 1}}[name]
    with config.unlocked():
        config.evaluators[name] = own
    with pytest.raises(InputError, match="lacks the field protocol"):
        evaluate(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("field", ["walks", "frames"])
def test_a_measure_of_nothing_is_refused(config, tmp_path, field):
    config.evaluators.colour[field] = 0
    with pytest.raises(InputError, match=rf"evaluators\.colour\.{field} 0 cannot be used"):
        evaluate(config, tmp_path / "run", progress=False)


def _made_by(monkeypatch, name, keep):
    """Lets an anonymiser of a name make the gaits that keeps some frames, by gait and index."""
    gait = itertools.count()

    def anonymize(masks, key):
        del key
        number = next(gait)
        kept = [mask if keep(number, i) else 0 * mask for i, mask in enumerate(masks)]
        return types.SimpleNamespace(masks=kept, problems={}, measures={})

    def gaits(dataset, _, key, *others, **chosen):
        return anonymized_gaits(dataset, anonymize, f"{key} {name}", *others, **chosen)

    monkeypatch.setattr(colour, "anonymized_gaits", gaits)
    # Nobody has to be trained for it.
    painted = {NEAREST: colour.Placed(colour.nearest.colourise)}
    monkeypatch.setattr(colour.Colour, "_colourisers", painted)


def test_frames_without_anonymised_gait_are_left_out(config, tmp_path, monkeypatch):
    # Of a sequence, two frames: its first and its last.
    _made_by(monkeypatch, "first frame", lambda _, i: i == 0)
    with config.unlocked():
        config.colourisers = {}
    results = evaluate(config, tmp_path / "run", progress=False)
    assert {r["n"] for r in results["rows"] if r["source"] == MEASURED} == {1}


def test_the_sheet_shows_who_was_coloured(config, tmp_path, monkeypatch):
    # Two walks, complete and incomplete, and room for one: of the first nothing is left.
    _made_by(monkeypatch, "second walk", lambda number, _: number % 2 == 1)
    monkeypatch.setattr(colour, "_SHEET_WALKS", 1)
    with config.unlocked():
        config.colourisers = {}
    config.evaluators.colour.walks = 2
    results = evaluate(config, tmp_path / "run", progress=False)
    assert {r["n"] for r in results["rows"] if r["source"] == MEASURED} == {2}
    assert (tmp_path / "run" / "sheet.png").exists()
    assert len([*(tmp_path / "run" / "colour").glob("*.png")]) == 1


def test_nobody_to_be_coloured(config, tmp_path, monkeypatch):
    _made_by(monkeypatch, "nothing", lambda *_: False)
    with config.unlocked():
        config.colourisers = {}
    with pytest.raises(InputError, match="no frame could be anonymised"):
        evaluate(config, tmp_path / "run", progress=False)
