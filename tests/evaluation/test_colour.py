import json
import math
import types

import colour_walkers
import pytest
from drawn import load_config

from gait_jax.data.anonymized import anonymized_gaits
from gait_jax.evaluation.evaluation import evaluate
from gait_jax.evaluation.evaluators import colour
from gait_jax.evaluation.evaluators.colour import NEAREST, PARTS, sets_of
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
    config.update_from_flattened_dict({f"methods.network.train.{k}": v for k, v in _TINY.items()})
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


def test_colours_are_measured_and_reported_beside_the_papers(config, tmp_path):
    results = evaluate(config, tmp_path / "run", progress=False)
    assert list(results["methods"]) == ["network"]
    frame = read_csv(tmp_path / "run" / "results.csv")
    assert set(frame["source"]) == {MEASURED, APSIPA2020}
    measured = frame[frame["source"] == MEASURED]
    assert set(measured["method"]) == {NEAREST, PARTS, "network"}
    rows = {(r.setting, r.method, r.condition, r.metric): r for r in measured.itertuples()}
    # One walk, two frames, in one kind of clothing.
    (clothing,) = set(measured["condition"]) - {"complete", "incomplete"}
    assert clothing in ("plain", "textural")
    names = ("complete", "incomplete", clothing)
    # Only of twins it is known where the joints are.
    forms = {"box": 2, "overlap": 2, "twin": 3, "twin_later": 3}
    assert len(rows) == len(measured) == sum(forms.values()) * 3 * 2
    for form, methods in forms.items():
        for method in (NEAREST, "network", PARTS)[:methods]:
            for name in names:
                psnr, ssim = (rows[form, method, name, metric] for metric in ("psnr", "ssim"))
                assert psnr.n == ssim.n == 2 and 0 < ssim.value <= 1
                assert psnr.value == math.inf or 5 < psnr.value < 60
    psnr = {key[:3]: row.value for key, row in rows.items() if key[3] == "psnr"}
    # Eq 9 copies what both gaits share; the barely trained network only comes near.
    assert psnr["overlap", NEAREST, "complete"] == math.inf
    assert psnr["overlap", "network", "complete"] < math.inf
    # Eq 9 takes colours by the silhouette that is torn; the network, its crop alone.
    torn = {
        method: abs(psnr["box", method, "complete"] - psnr["box", method, "incomplete"])
        for method in (NEAREST, "network")
    }
    assert torn["network"] < 0.1 and torn["network"] < 0.5 * torn[NEAREST]

    kept = json.loads((tmp_path / "run" / "results.json").read_text())
    assert kept["rows"] == results["rows"] and kept["protocol"] is None
    page = (tmp_path / "run" / "report.html").read_text()
    assert "SYNTHETIC" in page.upper() and "data:image/png" in page
    # As the paper prints it, and as it was measured.
    assert "24.73" in page and "0.914" in page
    assert f"{psnr['box', NEAREST, 'complete']:.2f}" in page
    assert (tmp_path / "run" / "sheet.png").exists()


def test_a_run_of_another_method_colours_nothing(config, trained_run, tmp_path):
    config.methods.network.checkpoint = str(trained_run)
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
        ("anonymizer", "lacks the field anonymizer.checkpoint"),
        ("evaluators.colour.walks", "lacks the field evaluators.colour.walks"),
        ("methods.network.label", "lacks the field methods.network.label"),
        ("methods.network.checkpoint", "lacks the field methods.network.checkpoint"),
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


def _made_by(monkeypatch, keep):
    """Lets an anonymiser make the gaits that loses all frames but some, by index."""

    def anonymize(masks, key):
        del key
        kept = [mask if keep(i) else 0 * mask for i, mask in enumerate(masks)]
        return types.SimpleNamespace(masks=kept, problems={}, measures={})

    def gaits(dataset, _, key, seed, indices, progress):
        return anonymized_gaits(dataset, anonymize, f"{key} {keep(0)}", seed, indices, progress)

    monkeypatch.setattr(colour, "anonymized_gaits", gaits)
    # Nobody has to be trained for it.
    monkeypatch.setattr(
        colour.Colour, "_colourisers", lambda _: {NEAREST: colour.Placed(colour.nearest.colourise)}
    )


def test_frames_without_anonymised_gait_are_left_out(config, tmp_path, monkeypatch):
    # Of a sequence, two frames: its first and its last.
    _made_by(monkeypatch, lambda i: i == 0)
    with config.unlocked():
        config.methods = {}
    results = evaluate(config, tmp_path / "run", progress=False)
    assert {r["n"] for r in results["rows"] if r["source"] == MEASURED} == {1}


def test_nobody_to_be_coloured(config, tmp_path, monkeypatch):
    _made_by(monkeypatch, lambda i: False)
    with config.unlocked():
        config.methods = {}
    with pytest.raises(InputError, match="no frame could be anonymised"):
        evaluate(config, tmp_path / "run", progress=False)
