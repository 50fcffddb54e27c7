"""Methods that have nothing in common with ST-GAN are measured and used like it."""

import cv2
import numpy as np
import pytest
from drawn import draw_walk, load_config, to_and_fro, write_walk
from made_up import Fixed, Heights, Same

from gait_jax import trainer
from gait_jax.anonymization.trees import anonymize_tree
from gait_jax.evaluation.evaluation import evaluate
from gait_jax.evaluation.rows import ANONYMIZED_GALLERY, CLEAN_GALLERY, find, read_csv
from gait_jax.methods import registry


class _Block(Fixed):
    def anonymizer(self, state):
        return Same()


class _Tall(Fixed):
    def recogniser(self, state):
        return Heights()


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Ten people of ten heights, all enrolled; `closed.py` with the two methods above alone."""
    monkeypatch.setitem(registry.METHODS, "block", _Block)
    monkeypatch.setitem(registry.METHODS, "tall", _Tall)
    for k in range(10):
        subject = "s" + chr(ord("a") + k)
        for n in range(1, 5):
            walk = draw_walk(9, tall=52 + 2 * k, start=30 + n)
            write_walk(
                tmp_path / "manual" / subject / f"00_{n}", f"{subject}-00_{n}", to_and_fro(n, walk)
            )
    c = load_config("closed", "casia_a")
    c.data.manual_dir, c.data.data_dir = str(tmp_path / "manual"), str(tmp_path / "data")
    train = {"seed": 0, "data": c.methods.alpha_03.train.data.to_dict()}
    for part, name, method in (("methods", "block", "block"), ("recognisers", "tall", "tall")):
        c[part] = {name: {"checkpoint": "", "step": "", "train": {"method": method, **train}}}
    c.methods.block.label = "a block"
    # Of the paper's methods.
    del c.evaluators.claims
    return c


def test_they_are_trained_evaluated_and_used(config, tmp_path):
    results = evaluate(config, tmp_path / "evaluation", progress=False)
    assert results["methods"]["block"]["facts"] == {}
    frame = read_csv(tmp_path / "evaluation" / "results.csv")
    chosen = {"setting": "same view", "condition": "all", "view": "all", "metric": "success@1"}

    def success(method, attacker):
        found = find(frame, method=method, recogniser="tall", attacker=attacker, **chosen)
        return found["value"].item()

    # Heights give everybody away; of one block for all nobody can be told: ten are enrolled.
    assert success("none", CLEAN_GALLERY) == 0
    assert success("block", ANONYMIZED_GALLERY) == pytest.approx(0.9)
    # No contour, no distance of contours.
    assert find(frame, method="block", metric="distance").empty
    assert find(frame, method="block", metric="frames_empty", condition="all")["value"].item() == 0
    text = (tmp_path / "evaluation" / "report.html").read_text()
    assert "a block" in text and "claims" not in text

    report = anonymize_tree(
        tmp_path / "manual" / "sa", tmp_path / "out", tmp_path / "evaluation" / "methods" / "block"
    )
    assert report["method"] == "block" and report["totals"]["anonymized"] == 36
    written = cv2.imread(str(tmp_path / "out" / "00_1" / "sa-00_1-003.png"), cv2.IMREAD_GRAYSCALE)
    assert (written[10:70, 40:60] == 255).all() and written.sum() == 255 * 60 * 20


def test_a_recogniser_may_learn_from_anonymised_gaits(config, tmp_path):
    train = config.methods.block.train
    train.data.update({"name": "casia_a", "manual_dir": config.data.manual_dir,
                       "data_dir": config.data.data_dir, "groups": "few"})  # fmt: skip
    trainer.train_and_evaluate(train, tmp_path / "block", progress=False)
    for method in ("zheng2011", "wu2017"):
        c = load_config(method, f"casia_a,anonymized_by={tmp_path / 'block'}")
        assert c.data.anonymized_by == str(tmp_path / "block")
    c = load_config("zheng2011", f"casia_a,anonymized_by={tmp_path / 'block'}")
    c.data.update({"manual_dir": config.data.manual_dir, "data_dir": config.data.data_dir})
    c.data.size, c.components, c.rank = 16, 2, 4
    state = trainer.train_and_evaluate(c, tmp_path / "zheng", progress=False)
    # All that it has seen is the block: 60 rows of 64 by 20 of them, the same in every image.
    encoder = np.asarray(state.ema["views"]["encoder"][0])
    (direction,) = (column for column in encoder.T if np.abs(column).max() > 1e-6)
    block = direction.reshape(16, 16)
    # Its sign is nobody's affair.
    assert np.abs(block[:, 8]).min() > 1e-3 and np.abs(block[:, 0]).max() < 1e-6
    # It tells nobody from anybody.
    assert not np.asarray(state.ema["views"]["features"]).any()


def test_whatever_is_judged_on_a_data_set_can_be_judged_on_its_anonymised_gaits(config, tmp_path):
    train = config.methods.block.train
    train.data.update({"name": "casia_a", "manual_dir": config.data.manual_dir,
                       "data_dir": config.data.data_dir, "groups": "few"})  # fmt: skip
    trainer.train_and_evaluate(train, tmp_path / "block", progress=False)
    config.data.anonymized_by = str(tmp_path / "block")
    evaluate(config, tmp_path / "evaluation", progress=False)
    frame = read_csv(tmp_path / "evaluation" / "results.csv")
    clean = find(
        frame,
        method="none",
        setting="same view",
        condition="all",
        view="all",
        metric="clean_error@1",
    )
    # One block for all of ten people: what is clean here is anonymised already.
    assert clean["value"].item() == pytest.approx(0.9)
