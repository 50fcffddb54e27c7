"""Inversion of made-up anonymisers, of whom it is known beforehand what can be given back."""

import re

import numpy as np
import pytest
from drawn import draw_walk, load_config, to_and_fro, write_walk
from made_up import METHODS
from made_up import method as made_up_method
from stores import make_store

from configs import common, inversion
from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import inversion_sections, likeness
from gait_jax.evaluation.evaluation import evaluate
from gait_jax.evaluation.evaluators.asking import Asking
from gait_jax.evaluation.evaluators.inversion import Inversion
from gait_jax.evaluation.mean_gait import MeanGait
from gait_jax.evaluation.rows import SAME_VIEW, Row, find, read_csv, to_frame
from gait_jax.evaluation.study import Study
from gait_jax.methods import registry
from gait_jax.runtime.errors import InputError


class _Widths:
    """Knows people by how wide they are for their height."""

    def distances(self, probes, gallery):
        wide = [
            np.array([np.mean([m.mean(0).max() * m.shape[1] / len(m) for m in g.silhouettes(i)])
                      for i in range(len(g))])
            for g in (probes, gallery)
        ]  # fmt: skip
        return np.abs(wide[0][:, None] - wide[1][None]).astype(np.float32)


_BULKS = (0.5, 0.9, 1.3, 1.7, 2.1, 2.5)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """`attackers.py` with made-up methods, inversion alone, and six people of six widths."""
    root = tmp_path_factory.mktemp("made_up")
    for k, bulk in enumerate(_BULKS):
        subject = "s" + chr(ord("a") + k)
        for n in range(1, 5):
            walk = draw_walk(9, tall=70, bulk=bulk, start=30 + n)
            write_walk(
                root / "manual" / subject / f"00_{n}", f"{subject}-00_{n}", to_and_fro(n, walk)
            )
    c = load_config("attackers", "casia_a")
    c.data.manual_dir, c.data.data_dir = str(root / "manual"), str(root / "data")
    train = {"seed": 0, "data": c.methods.measured.train.data.to_dict()}
    made = {"checkpoint": "", "step": ""}
    c.methods = {
        name: made | {"label": f"the {name}", "train": {"method": name, **train}}
        for name in METHODS
    }
    c.recognisers = {"widths": made | {"train": {"method": "widths", **train}}}
    network = inversion.get_config("casia_a")
    network.update_from_flattened_dict(
        {
            "data.points": 128,
            "data.frames": 4,
            "network.widths": (4, 4),
            "batch_size": 2,
            "train_steps": 3,
            "log_every": 1,
            "eval_every": 3,
            "checkpoint_every": 3,
            "eval_batch": 2,
        }
    )
    asked = common.measured(network, ranks=(1,), links=(), draws=2, recognisers=("widths",))
    c.evaluators = {"inversion": asked}
    with pytest.MonkeyPatch.context() as patch:
        for name, anonymizer in METHODS.items():
            patch.setitem(registry.METHODS, name, made_up_method(anonymizer=anonymizer))
        patch.setitem(registry.METHODS, "widths", made_up_method(recogniser=_Widths))
        yield c


@pytest.fixture(scope="module")
def workdir(made_up, tmp_path_factory):
    """A finished evaluation."""
    folder = tmp_path_factory.mktemp("evaluation") / "run"
    evaluate(made_up, folder, progress=False)
    return folder


def _value(frame, **wanted):
    (value,) = find(frame, condition="all", **wanted)["value"]
    return value


def test_what_is_left_of_people_is_given_back_and_nothing_else(workdir):
    frame = read_csv(workdir / "results.csv")

    def found(method, attacker, metric="found@1"):
        return _value(frame, method=method, attacker=attacker, metric=metric, setting=SAME_VIEW)

    assert found("original", "inverting", "clean_found@1") == 1
    assert found("original", "inverting") == 1
    # One of six people, for whom everybody is taken.
    assert found("same", "inverting") == pytest.approx(1 / 6)
    for method in METHODS:
        assert found(method, "mean gait") == pytest.approx(1 / 6)
    # Two walks each.
    assert {*find(frame, metric="found@1")["n"]} == {12}


def test_errors_tell_how_near_it_comes(workdir):
    frame = read_csv(workdir / "results.csv")

    def errors(method, attacker):
        return tuple(
            _value(frame, method=method, attacker=attacker, metric=metric)
            for metric in ("contour_error", "contour_iou")
        )

    assert errors("original", "as anonymised") == (0, 1)
    distance, overlap = errors("original", "inverting")
    assert distance < 0.004 and overlap > 0.95
    # The mean of what walked is nearer to it than a block.
    assert errors("same", "mean gait")[0] < errors("same", "as anonymised")[0]
    assert errors("same", "mean gait") == errors("original", "mean gait")
    assert errors("original", "mean gait")[0] > 2 * distance


def test_a_second_call_measures_nothing_again(made_up, workdir, monkeypatch):
    csv = (workdir / "results.csv").read_bytes()

    def refuse(*args):
        raise AssertionError("measured again")

    monkeypatch.setattr(likeness, "errors", refuse)
    monkeypatch.setattr(likeness, "sheet", refuse)
    evaluate(made_up, workdir, progress=False)
    assert (workdir / "results.csv").read_bytes() == csv
    assert {path.name.rpartition("-")[0] for path in (workdir / "inverters").iterdir()} == {
        "of-original",
        "of-same",
    }


def test_the_report_has_tables_and_a_picture_of_eachmade_up_method(workdir):
    text = re.sub(r"\s+", " ", (workdir / "report.html").read_text())
    for method in METHODS:
        assert f"the {method}: the original given back" in text
        assert f'alt="what is given back of the {method}"' in text
    assert "How near it comes" in text and "contour error, % of height" in text


def test_pieces_follow_from_the_configuration_alone(made_up, tmp_path):
    study = Study(made_up, tmp_path, progress=False)
    pieces = [*Inversion(made_up.evaluators.inversion, study).pieces()]
    assert len(pieces) == 2 * (1 + 2) and not any(tmp_path.iterdir())
    assert Asking.FIELDS.keys() < Inversion.FIELDS.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"draws": 0}, "evaluators.inversion.draws 0 cannot be used"),
        ({"train.network.widths": ()}, r"network.widths \(\) cannot be used"),
        ({"step": "last"}, "evaluators.inversion.step 'last' cannot be used"),
    ],
)
def test_what_no_evaluation_could_use_is_refused(made_up, tmp_path, changes, message):
    config = made_up.copy_and_resolve_references()
    config.evaluators.inversion.update_from_flattened_dict(changes)
    with pytest.raises(InputError, match=message):
        evaluate(config, tmp_path / "run", progress=False)
    assert [*tmp_path.glob("run/*")] == []


def test_it_needs_originals(made_up, workdir, tmp_path):
    config = made_up.copy_and_resolve_references()
    config.data.anonymized_by = str(workdir / "methods" / "same")
    with pytest.raises(InputError, match="inversion learns from originals"):
        evaluate(config, tmp_path / "run", progress=False)


def _walks(directory, walks):
    return Gaits.of(make_store(directory, [(f"{k:03d}", "nm", 1, *w) for k, w in enumerate(walks)]))


def test_the_mean_gait_is_what_half_of_the_frames_cover(tmp_path):
    def blocks(wide):
        mask = np.zeros((50, 60), np.uint8)
        mask[5:45, 30 - wide // 2 : 30 + wide // 2] = 1
        return [mask] * 8

    gaits = _walks(tmp_path / "gaits-0", [(90, blocks(w)) for w in (8, 16, 24)] + [(0, blocks(4))])
    mean = MeanGait(gaits)
    # 16 of 40 rows, brought to 128.
    seen = mean.silhouette(90)
    assert seen.shape == (130, 130) and seen[1:-1].any(1).all()
    assert set(seen[1:-1].sum(1)) <= {50, 51, 52} and mean.silhouette(0).sum(1).max() < 16
    # Nobody was seen from there: half of all four, those of 16 and 24 columns, cover as much.
    assert set(mean.silhouette(180)[1:-1].sum(1)) <= {50, 51, 52}
    walk = gaits.store.sequences[3]
    assert [made is mean.silhouette(0) for made in mean(walk, [None] * 3)] == [True] * 3
    assert mean.key != MeanGait(gaits.take(np.array([0, 1]))).key


def test_likeness_is_of_the_same_frames(tmp_path):
    walk = [mask // 255 for mask in draw_walk(9, tall=70)]
    lost = [np.zeros_like(mask) if i == 3 else np.pad(mask, 9) for i, mask in enumerate(walk)]
    originals = make_store(
        tmp_path / "gaits-0", [("001", "nm", 1, 0, walk), ("000", "nm", 1, 90, walk)]
    )
    gaits = _walks(tmp_path / "made-0", [(90, lost)])
    np.testing.assert_allclose(likeness.errors(originals, gaits), [[0, 1]])
    late = _walks(tmp_path / "late-0", [(90, walk[1:] + walk[:1])])
    assert likeness.errors(originals, late)[0, 0] > 0.005


def test_tables_by_hand():
    def row(metric, value, attacker, setting="", recogniser="", low=None, high=None):
        return Row(method="m", metric=metric, value=value, attacker=attacker, setting=setting,
                   recogniser=recogniser, low=low, high=high, n=10)  # fmt: skip

    asked = {"setting": SAME_VIEW, "recogniser": "r"}
    frame = to_frame(
        [
            row("found@1", 0.25, "ignorant", **asked),
            row("found@1", 0.5, "inverting", low=0.4, high=0.6, **asked),
            row("found@1", 0.1, "mean gait", **asked),
            row("shuffled_found@1", 0.125, "inverting", **asked),
            row("clean_found@1", 0.75, "inverting", **asked),
            row("contour_error", 0.0125, "as anonymised"),
            row("contour_error", 0.01, "inverting", low=0.005, high=0.02),
            row("contour_iou", 0.9, "inverting"),
        ]
    )
    table = inversion_sections.found_table(frame, "m", 1).frame
    assert table.to_numpy().tolist() == [
        ["r", "anonymised, as it is", "25.0", "–"],
        ["r", "given back", "50.0 (40.0 to 60.0)", "–"],
        ["r", "mean gait", "10.0", "–"],
        ["r", "shuffled labels", "12.5", "–"],
        ["r", "clean gaits", "75.0", "–"],
    ]
    assert inversion_sections.error_table(frame, "m").frame.to_numpy().tolist() == [
        ["anonymised, as it is", "1.25", "–"],
        ["given back", "1.00 (0.50 to 2.00)", "0.900"],
        ["mean gait", "–", "–"],
    ]
    assert inversion_sections.sections(frame, {"other": "nobody measured this"}, 1, {}) == []
