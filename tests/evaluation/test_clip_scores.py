"""Frame and video scores of made-up anonymisers, in one evaluation, to the report."""

import types

import colour_walkers
import made_up
import ml_collections
import numpy as np
import onnx_networks
import pytest
from drawn import load_config

from gait_jax.data.gaits import Gaits
from gait_jax.data.sequence import GaitSequence
from gait_jax.evaluation import coloured, papers, sharing
from gait_jax.evaluation.evaluation import evaluate, prepare
from gait_jax.evaluation.evaluators.frame_score import FrameScore
from gait_jax.evaluation.evaluators.video_score import VideoScore
from gait_jax.evaluation.mos import clips as mos_clips
from gait_jax.evaluation.rows import ALL, CLEAN, MEASURED, find, read_csv
from gait_jax.evaluation.score_rows import FRAME, VIDEO
from gait_jax.evaluation.trainings import everything_trained
from gait_jax.methods import registry
from gait_jax.methods.contracts import AnonymizedBody
from gait_jax.runtime.errors import InputError
from gait_jax.video.clip import Clip

_TINY = {
    "batch_size": 2, "train_steps": 2, "log_every": 1, "eval_every": 2, "checkpoint_every": 2,
    "eval_batch": 2, "data.clips": 2, "data.held_out": 2, "data.frames": 8, "data.size": 8,
    "network.stem": 4, "network.widths": (4,), "network.blocks": (1,), "network.cardinality": 2,
    "optimizer.decay_steps": (2,),
}  # fmt: skip


class Nobody(made_up.Original):
    """Shows nobody from the second frame on."""

    def bodies(self, people, seen):
        return [
            AnonymizedBody(
                one.mask if not one.frame else 0 * one.mask, "gone" if one.frame else None
            )
            for one in seen
        ]


_METHODS = {"unchanged": made_up.Original, "nobody": Nobody}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """`configs/scores.py` on three walkers, a walk of each view, with made-up anonymisers."""
    c = load_config("scores", "walkers")
    c.data.data_dir = str(tmp_path_factory.mktemp("data"))
    c.protocol = "everybody"
    train = {"seed": 0, "data": c.methods.stgan.train.data.to_dict() | {"group": "train"}}
    c.methods = {
        name: {"checkpoint": "", "step": "", "label": f"the {name}"}
        | {"train": {"method": name, **train}}
        for name in _METHODS
    }
    onlooker = {f"onlooker.train.{name}": value for name, value in _TINY.items()}
    c.evaluators.video_score.update_from_flattened_dict({**onlooker, "walks": 1})
    c.evaluators.video_score.onlooker.train.data.data_dir = c.data.data_dir
    c.evaluators.frame_score.update_from_flattened_dict({"walks": 1, "every": 20})
    with pytest.MonkeyPatch.context() as patch:
        colour_walkers.patch(patch, colour_walkers.ENROLLED)
        for name, made in _METHODS.items():
            patch.setitem(registry.METHODS, name, made_up.method(anonymizer=made))
        yield c


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    """The folder of a whole evaluation, whose clips were written, too."""
    folder = tmp_path_factory.mktemp("run")
    config.evaluators.frame_score.export_clips = True
    evaluate(config, folder, progress=False)
    return folder


def test_both_scores_stand_in_one_report_beside_the_papers(config, run):
    frame = read_csv(run / "results.csv")
    for metric in (FRAME, VIDEO):
        measured = find(frame, source=MEASURED, metric=metric)
        assert {*measured["method"]} == {CLEAN, *_METHODS}
        assert {*measured["view"]} == {"36", "90", ALL}
        assert measured["value"].between(0, 1).all()
        printed = find(frame, source=papers.JISA2019, metric=metric)
        assert len(printed) == 33
        over = find(frame, source=MEASURED, metric=f"{metric}_over_method", view="all")
        assert [*zip(over["method"], over["against"], strict=True)] == [
            ("nobody", CLEAN), ("unchanged", CLEAN), ("unchanged", "nobody"),
        ]  # fmt: skip
    assert {*find(frame, source=MEASURED, metric=FRAME)["recogniser"]} == {"blazepose"}
    page = (run / "report.html").read_text()
    for said in ("Frame score: P(person)", "Video score: P(walking)", "the nobody", "0.976"):
        assert said in page
    assert "made people alone" in page and "BlazePose" in page


def test_a_made_person_is_one_and_an_empty_scene_is_none(run):
    frame = read_csv(run / "results.csv")
    values = {(row["method"], row["metric"]): row for _, row in find(frame, view=ALL).iterrows()}
    people = values[CLEAN, FRAME]
    assert people["value"] > 0.6 and people["n"] >= 4
    # All but the first frame of each clip of two.
    assert values["unchanged", FRAME]["value"] > 0.6
    assert values["nobody", FRAME]["value"] < 0.6 * people["value"]
    assert values["nobody", "frame_score_over_method"]["value"] < -0.2


def test_clips_are_written_by_methods_with_names_as_casia_bs(run):
    folders = {path.name: path for path in (run / "clips").iterdir() if path.is_dir()}
    assert folders.keys() == {"original", *_METHODS}
    names = {folder: {p.name for p in path.glob("*.mp4")} for folder, path in folders.items()}
    assert len({*map(frozenset, names.values())}) == 1
    # Whoever asks people about them reads the folders as they are.
    assert len(mos_clips.find([str(path) for path in folders.values()])) == 2 * len(folders)
    # A walk of each view, of two people.
    assert {name[7:9] for name in names["original"]} <= {"03", "04"}
    assert {name[-8:] for name in names["original"]} == {"-036.mp4", "-090.mp4"}
    assert len(names["original"]) == 2 == len({name[:3] for name in names["original"]})
    (name,) = (name for name in names["original"] if "-090" in name)
    before, after = (Clip.open(folders[folder] / name) for folder in ("original", "nobody"))
    assert (before.width, before.height, before.rate) == (320, 240, 25)
    frames = [[frame.image.astype(int) for frame in clip.frames()] for clip in (before, after)]
    assert len(frames[0]) == len(frames[1]) > 30
    # Somebody goes through the first clip; the second shows the empty scene from the second frame.
    middle = len(frames[0]) // 2
    assert np.abs(frames[0][middle] - frames[0][1]).max() > 60
    assert np.abs(frames[1][middle] - frames[1][1]).max() < 20


def test_what_was_measured_is_not_measured_again(config, run):
    kept = {p: p.stat().st_mtime_ns for d in (FRAME, VIDEO, "clips") for p in (run / d).rglob("*")}
    csv = (run / "results.csv").read_bytes()
    evaluate(config, run, progress=False)
    assert (run / "results.csv").read_bytes() == csv
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_clips_of_another_method_take_the_place_of_those_under_its_name(config, run):
    clips = run / "clips" / "unchanged"
    (clips / "999-nm-01-000.mp4").write_bytes(b"of another one")
    evaluate(config, run, progress=False)
    # Nobody looks into a folder that is as it was made.
    assert (clips / "999-nm-01-000.mp4").exists()
    clips.with_name("unchanged.json").write_text('{"made_of": "another one"}')
    evaluate(config, run, progress=False)
    assert not (clips / "999-nm-01-000.mp4").exists() and len([*clips.glob("*.mp4")]) == 2


def test_a_method_cannot_be_called_as_what_was_filmed(config, tmp_path):
    methods = config.methods
    with config.unlocked():
        config.methods = {"original": methods.unchanged}
    with pytest.raises(InputError, match="methods.original needs another name"):
        evaluate(config, tmp_path, progress=False)
    config.methods = methods


def test_detectors_and_onlookers_that_are_given(config, tmp_path):
    boxes = np.array([[0.0, 0, 64, 64]]), np.array([1]), np.array([0.75])
    onnx_networks.write(tmp_path / "d.onnx", {"image": [3, 64, 64]}, boxes)
    logits = [np.log(np.array([[1.0, 2.0, 1.0]]))]
    onnx_networks.write(tmp_path / "o.onnx", {"clip": [1, 3, 16, 8, 8]}, logits)
    before = config.evaluators.to_dict()
    config.evaluators.frame_score.detector = f"onnx:{tmp_path}/d.onnx"
    own = config.evaluators.video_score
    own.onlooker.checkpoint, own.onnx.classes = f"onnx:{tmp_path}/o.onnx", (0, 1)
    evaluate(config, tmp_path / "run", progress=False)
    config.evaluators = before
    assert not (tmp_path / "run" / "onlookers").exists()
    frame = find(read_csv(tmp_path / "run" / "results.csv"), source=MEASURED, view=ALL)
    for metric, name, value in ((FRAME, "d.onnx", 0.75), (VIDEO, "o.onnx", 0.75)):
        found = find(frame, metric=metric)
        assert found["value"].tolist() == pytest.approx([value] * 3)
        assert {*found["recogniser"]} == {name}
    page = (tmp_path / "run" / "report.html").read_text()
    assert "d.onnx, an ONNX network that was given" in page and "classes 0, 1" in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "frame_score.detector",
            "yolo",
            "detector 'yolo' is not known: use blazepose or onnx:PATH",
        ),
        (
            "frame_score.detector",
            "onnx:none.onnx",
            r"none.onnx cannot be read .*: give an ONNX file",
        ),
        ("frame_score.walks", -1, r"evaluators.frame_score.walks -1 cannot be used"),
        ("video_score.onlooker.checkpoint", "onnx:none.onnx", "none.onnx cannot be read"),
        ("video_score.onnx.mean", (0.5,), "it must be a list of three numbers"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_made(
    config, tmp_path, field, value, message
):
    before = config.evaluators.to_dict()
    config.evaluators.update_from_flattened_dict({field: value})
    with pytest.raises(InputError, match=message):
        evaluate(config, tmp_path / "run", progress=False)
    config.evaluators = before
    assert not (tmp_path / "run").exists()


def test_what_is_prepared_beforehand_is_what_onlookers_learn_from(config, tmp_path):
    prepare(config, tmp_path, progress=False)
    assert not [*tmp_path.iterdir()]


def _gaits(labels):
    """Gaits of (person, number, view)."""
    people, numbers, views = map(np.array, zip(*labels, strict=True))
    rows = np.arange(len(labels))
    return Gaits(None, rows, people, np.repeat("nm", len(rows)), numbers, views)


def test_walks_are_spread_over_people_and_as_many_in_each_view():
    gaits = _gaits([(p, n, v) for p in "abc" for n in (1, 2) for v in (0, 90)])
    for walks in (1, 2, 3, 5):
        found = gaits.take(np.array(coloured.chosen(gaits, walks)))
        for view in (0, 90):
            here = found.take(found.views == view)
            assert len(here) == walks
            # Nobody twice before everybody came once.
            assert len({*here.subjects}) == min(walks, 3)
        # Other people in the other view, as far as there are.
        assert len({*found.subjects}) == min(2 * walks, 3)
    everybodys = gaits.take(np.array(coloured.chosen(gaits, 3)))
    assert {*everybodys.numbers} == {1, 2}
    # No more than the view has that has the fewest.
    fewer = gaits.take(np.flatnonzero((gaits.views == 0) | (gaits.subjects == "a")))
    assert len(coloured.chosen(fewer, 5)) == 2 * 2
    assert coloured.chosen(gaits, 100) == list(range(12))


@pytest.mark.parametrize("made", [FrameScore, VideoScore])
def test_without_walks_nothing_is_measured(config, made):
    settings = ml_collections.ConfigDict(config.evaluators[made.METRIC].to_dict() | {"walks": 0})
    study = types.SimpleNamespace(config=config)
    evaluator = made(settings, study)
    assert [*evaluator.pieces()] == [*evaluator.rows()] == evaluator.sections(None) == []


def test_without_walks_nobody_who_would_look_is_trained(config):
    def trained(walks):
        own = ml_collections.ConfigDict(config.to_dict())
        own.evaluators.video_score.walks = walks
        return [settings.train.method for settings in everything_trained(own)]

    assert trained(1) == [*trained(0), "resnext3d"]


class _ToldError(InputError):
    """Raised in place of doing the pieces."""


def test_several_processes_train_the_onlooker_before_all_else(config, tmp_path, monkeypatch):
    def told(pieces, *_):
        raise _ToldError([*pieces])

    monkeypatch.setattr(sharing, "do_share", told)
    with pytest.raises(_ToldError) as found:
        evaluate(config, tmp_path / "run", progress=False, share=(0, 2))
    (pieces,) = found.value.args
    onlooker = tmp_path / "run" / "onlookers" / "video_score" / "checkpoints" / "2"
    assert [*pieces[0]()] == [] and onlooker.is_dir()
    # Then each method's clips, and those that were filmed, by both who judge.
    evaluators = [evaluator for evaluator in config.evaluators if evaluator.endswith("_score")]
    assert len(pieces) >= 1 + len(evaluators) * (1 + len(config.methods))


@pytest.mark.parametrize("given", [{"walks": 0}, {"onlooker.checkpoint": "onnx:given.onnx"}])
def test_an_onlooker_that_is_not_asked_or_given_is_not_trained(
    config, tmp_path, monkeypatch, given
):
    monkeypatch.chdir(tmp_path)
    onnx_networks.write(tmp_path / "given.onnx", {"clip": [1, 3, 16, 8, 8]}, [np.zeros((1, 3))])
    settings = ml_collections.ConfigDict(config.evaluators.video_score.to_dict())
    settings.update_from_flattened_dict(given)
    evaluator = VideoScore(settings, types.SimpleNamespace(config=config))
    assert [*evaluator.awaited()] == []


def test_a_frame_that_was_never_seen_is_not_shown():
    sequence = GaitSequence("a", "nm", 1, 90, 90, 0, 3)
    gaits = types.SimpleNamespace(
        sequences=[sequence],
        usable=lambda first, last: np.array([True, False, True]),
        mask=lambda frame: np.full((2, 2), frame, np.uint8),
    )
    recording = types.SimpleNamespace(
        shown=[0, 1], frame=lambda i: np.full((2, 2, 3), i), background=np.zeros((2, 2, 3))
    )
    clips = object.__new__(coloured.ColouredClips)
    clips._study = types.SimpleNamespace(
        dataset=types.SimpleNamespace(gaits=gaits), recording=lambda index: recording
    )
    clips.indices = [0]
    (clip,) = clips(CLEAN)
    assert [picture[0, 0, 0] for picture in clip.pictures] == [0] and clip.masks is clip.originals
    recording.shown = [1]
    with pytest.raises(InputError, match="a-nm-01-090 shows nobody in colour"):
        next(clips(CLEAN))
