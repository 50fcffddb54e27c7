import json
import pathlib
import subprocess
import sys

import colour_walkers
import pytest
from drawn import ROOT, load_config
from gait_jax.evaluation.colour import NEAREST, evaluate, sets_of

from gait_jax.evaluation import colour
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
def config(monkeypatch):
    colour_walkers.patch(monkeypatch)
    config = load_config("colour_quality", "walkers")
    config.update_from_flattened_dict({f"networks.network.train.{k}": v for k, v in _TINY.items()})
    config.walks, config.frames = 1, 2
    return config


def test_the_sets_of_a_frame():
    assert sets_of("plain", False) == ("complete", "plain")
    assert sets_of("textural", False) == ("complete", "textural")
    assert sets_of("plain", True) == ("incomplete",)
    # CASIA-B does not say what people wear.
    assert sets_of("", False) == ("complete",)


def test_colours_are_measured_and_reported_beside_the_papers(config, tmp_path):
    config.data.data_dir = str(tmp_path / "data")
    results = evaluate(config, tmp_path / "run", progress=False)
    assert results["methods"] == [NEAREST, "colour transfer"]
    rows = {(r["form"], r["method"], r["set"]): r for r in results["rows"]}
    # One walk, two frames, in one kind of clothing.
    (clothing,) = {r["set"] for r in results["rows"]} - {"complete", "incomplete"}
    for form in ("box", "overlap", "twin"):
        for method in results["methods"]:
            for name in ("complete", "incomplete", clothing):
                row = rows[form, method, name]
                assert row["frames"] == 2 and 0 < row["ssim"] <= 1
                assert row["psnr"] is None or 5 < row["psnr"] < 60
    # Eq 9 copies what both gaits share; the barely trained network only comes near.
    assert rows["overlap", NEAREST, "complete"]["psnr"] is None
    assert rows["overlap", "colour transfer", "complete"]["psnr"] is not None
    # The network does not look at the silhouette that is torn.
    network = {n: rows["box", "colour transfer", n] for n in ("complete", "incomplete")}
    assert network["complete"]["psnr"] == network["incomplete"]["psnr"]
    assert rows["box", NEAREST, "complete"]["psnr"] != rows["box", NEAREST, "incomplete"]["psnr"]

    assert json.loads((tmp_path / "run" / "results.json").read_text())["rows"] == results["rows"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Synthetic data" in page and "24.73, 0.914" in page and "data:image/png" in page
    psnr = rows["box", NEAREST, "complete"]["psnr"]
    assert f"{psnr:.2f}, " in page


def test_a_run_of_another_method_colours_nothing(config, trained_run, tmp_path):
    config.data.data_dir = str(tmp_path / "data")
    config.networks.network.checkpoint = str(trained_run)
    with pytest.raises(
        InputError, match=r"networks\.network\.checkpoint\) is no run of colour tran"
    ):
        evaluate(config, tmp_path / "run", progress=False)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("networks", "lacks networks"),
        ("data.name", "lacks the field data.name"),
        ("networks.network.label", "lacks the field networks.network.label"),
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


def test_a_measure_of_nothing_is_refused(config, tmp_path):
    config.walks = 0
    with pytest.raises(InputError, match="walks 0 cannot be used"):
        evaluate(config, tmp_path / "run", progress=False)


def test_a_frame_without_anonymised_gait_is_left_out(config, tmp_path, monkeypatch):
    config.data.data_dir = str(tmp_path / "data")

    class Nobody:
        def __init__(self, workdir):
            assert pathlib.Path(workdir).is_dir()

        def __call__(self, masks, key):
            empty = type("", (), {})()
            empty.masks = [0 * mask for mask in masks]
            return empty

    monkeypatch.setattr(colour, "Anonymizer", Nobody)
    with pytest.raises(InputError, match="no frame could be anonymised"):
        evaluate(config, tmp_path / "run", progress=False)


def test_the_command_line_knows_both_evaluations(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gait_jax.evaluate",
            f"--config={ROOT / 'configs' / 'colour_quality.py'}",
            f"--workdir={tmp_path / 'run'}",
            "--config.evaluation=taste",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "gait_jax.evaluate: evaluation 'taste' of the configuration is not known"
    )
    assert "recognition, colour" in last
