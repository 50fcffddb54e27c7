import pathlib
import pickle
import sys

import cv2
import numpy as np
import processes
import pytest
import tensorflow_datasets as tfds

import tfds_casia
from tfds_casia.walkers import encoding, generation, preview, walkers_dataset_builder
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName
from tfds_casia.walkers.walkers_dataset_builder import WalkersConfig

_PLAN = Plan(subjects=2, views=(90, 0), sequences=(("nm", 1), ("cl", 1)))


def _builder(data_dir, plan=_PLAN, processes=1):
    return tfds_casia.Walkers(
        data_dir=data_dir, config=WalkersConfig(name="test", plan=plan), processes=processes
    )


def _prepare(data_dir, plan=_PLAN, processes=1):
    _builder(data_dir, plan, processes).download_and_prepare()
    builder = _builder(data_dir, plan)
    decoders = {"frames": tfds_casia.PngBytes()}
    return builder, list(builder.as_data_source("all", decoders=decoders))


def _files(examples):
    return [example["frames"].tolist() for example in examples]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    tfds.disable_progress_bar()
    folder = tmp_path_factory.mktemp("walkers")
    return folder, *_prepare(folder)


def test_walkers_look_like_casia_b(prepared, tmp_path):
    _, builder, examples = prepared
    casia_b = tfds_casia.CasiaB(data_dir=tmp_path)
    assert builder.info.features.to_json() == casia_b.info.features.to_json()
    keys = [
        (e["subject"].decode(), e["condition"].decode(), e["sequence"], e["view"]) for e in examples
    ]
    assert keys == [
        (who, what, 1, view) for who in ("001", "002") for what in ("cl", "nm") for view in (0, 90)
    ]
    for example in examples:
        assert example["frame_numbers"] == list(range(1, len(example["frames"]) + 1))
        assert 40 <= len(example["frames"]) <= 110


def test_frames_are_binary_silhouettes(prepared):
    _, builder, _ = prepared
    frames = builder.as_data_source("all")[0]["frames"]
    for frame in frames[::10]:
        assert frame.shape == (240, 320, 1) and frame.dtype == np.uint8
        assert set(np.unique(frame)) == {0, 255}


def test_metadata_says_that_the_data_are_synthetic(prepared):
    _, builder, examples = prepared
    assert builder.info.metadata == {
        "synthetic": True,
        "seed": 0,
        "subjects": 2,
        "sequences": 8,
        "frames": sum(len(example["frames"]) for example in examples),
    }


def test_nothing_is_left_beside_the_data_set(prepared):
    folder, builder, _ = prepared
    assert builder.data_path.relative_to(folder).parts == ("walkers", "test", "1.0.0")
    assert [path.name for path in builder.data_path.parent.iterdir()] == ["1.0.0"]


def test_builder_survives_pickling(prepared):
    _, builder, _ = prepared
    assert pickle.loads(pickle.dumps(builder)).info.metadata["sequences"] == 8


def test_the_number_of_processes_does_not_matter(prepared, tmp_path):
    _, _, examples = prepared
    _, others = _prepare(tmp_path, processes=2)
    assert _files(others) == _files(examples)


def test_a_larger_set_begins_with_the_smaller(prepared):
    _, _, examples = prepared
    recorded = generation.examples(Plan(subjects=9, views=(90,)), WalkName(2, "nm", 1))
    assert [key for key, _ in recorded] == ["002-nm-01-090"]
    assert recorded[0][1]["frames"] == examples[-1]["frames"].tolist()


def test_an_interrupted_generation_goes_on(prepared, tmp_path, monkeypatch):
    _, _, examples = prepared
    made = []
    record = generation.examples

    def interrupted(plan, name):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(name)
        return record(plan, name)

    monkeypatch.setattr(walkers_dataset_builder, "_WALKS_PER_SHARD", {"silhouettes": 1})
    monkeypatch.setattr(generation, "examples", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _prepare(tmp_path)
    (folder,) = tmp_path.glob("walkers/test/.parts-*")
    assert [path.name for path in sorted(folder.iterdir())] == [
        "000001-cl-01--000001-cl-01", "000001-nm-01--000001-nm-01"
    ]  # fmt: skip
    assert not (tmp_path / "walkers/test/1.0.0").exists()

    again = []
    monkeypatch.setattr(
        generation, "examples", lambda plan, name: again.append(name) or record(plan, name)
    )
    _, others = _prepare(tmp_path)
    assert made + again == _PLAN.walks()
    assert _files(others) == _files(examples)
    assert [path.name for path in (tmp_path / "walkers/test").iterdir()] == ["1.0.0"]


_SCRIPT = f"""
import sys
from tfds_casia.walkers import walkers_dataset_builder
from tfds_casia.walkers.generation import Plan
if __name__ == "__main__":
    walkers_dataset_builder._WALKS_PER_SHARD = {{"silhouettes": 1}}
    config = walkers_dataset_builder.WalkersConfig(name="test", plan={_PLAN!r})
    builder = walkers_dataset_builder.Builder(data_dir=sys.argv[1], config=config, processes=2)
    builder.download_and_prepare()
"""


def test_a_killed_generation_goes_on(tmp_path, monkeypatch):
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT)

    command = [sys.executable, script, tmp_path / "killed"]
    process = processes.start(command)
    parent = tmp_path / "killed/walkers/test"
    done = processes.wait_for(lambda: list(parent.glob(".parts-*/[!.]*")), process)
    # It alone: its workers find that out by themselves, beside those of the next one.
    process.kill()
    process.wait()
    assert not (parent / "1.0.0").exists()
    made = {(path / "records").stat().st_ino for path in done}
    again = processes.run(command)
    assert again.returncode == 0, again.stderr
    processes.end(process)
    assert [path.name for path in parent.iterdir()] == ["1.0.0"]
    # What was made before the kill was not made again: it is the same file.
    assert made < {path.stat().st_ino for path in parent.glob("1.0.0/*.array_record*")}
    monkeypatch.setattr(walkers_dataset_builder, "_WALKS_PER_SHARD", {"silhouettes": 1})
    undisturbed, _ = _prepare(tmp_path / "undisturbed")
    contents = [
        {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        for folder in (parent / "1.0.0", pathlib.Path(str(undisturbed.data_path)))
    ]
    assert contents[0] == contents[1]
    assert sum("array_record" in name for name in contents[0]) == len(_PLAN.walks())


def test_recordings_of_other_plans_are_not_mixed_up():
    plans = [
        Plan(), Plan(seed=1), Plan(views=(0,)), Plan(sequences=(("nm", 1),)), Plan(kind="degraded")
    ]  # fmt: skip
    assert len({plan.fingerprint("1.0.0") for plan in plans}) == len(plans)
    assert Plan().fingerprint("1.0.0") != Plan().fingerprint("1.0.1")


def test_colour_has_a_frame_for_each_silhouette(tmp_path):
    plan = Plan(subjects=1, views=(90,), sequences=(("nm", 1),), kind="rgb")
    builder, (example,) = _prepare(tmp_path, plan)
    count = len(example["frames"])
    assert len(example["colour_frames"]) == len(example["degraded_frames"]) == count
    assert example["colour_frames"][0].shape == example["background"].shape == (240, 320, 3)
    assert example["degraded_frames"][0].shape == (240, 320, 1)
    assert example["clothing"] in (b"plain", b"textural")
    exact = cv2.imdecode(np.frombuffer(example["frames"][0], np.uint8), cv2.IMREAD_GRAYSCALE)
    person = np.abs(example["colour_frames"][0].astype(int) - example["background"]).max(axis=2)
    assert person[exact > 0].mean() > 2 * person[exact == 0].mean()
    casia_b = set(tfds_casia.CasiaB(data_dir=tmp_path).info.features)
    assert set(builder.info.features) - casia_b == {
        "colour_frames", "degraded_frames", "background", "clothing"
    }  # fmt: skip


def test_degraded_set_has_the_same_features_and_other_pixels(prepared):
    _, _, examples = prepared
    plan = Plan(views=(90,), kind="degraded")
    (_, damaged), *_ = generation.examples(plan, WalkName(2, "nm", 1))
    exact = examples[-1]
    assert set(damaged) == set(exact)
    assert len(damaged["frames"]) == len(exact["frames"])
    assert damaged["frames"] != exact["frames"].tolist()


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 3)])
def test_png_files_hold_what_was_encoded(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    decoded = cv2.imdecode(np.frombuffer(encoding.png(image), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded, image)


def test_tfds_knows_walkers(tmp_path):
    assert "walkers" in tfds_casia.DATA_SETS
    builder = tfds.builder("walkers/silhouettes", data_dir=tmp_path)
    assert builder.builder_config.plan == Plan()
    assert "synthetic" in builder.info.description.lower()
    assert len(builder.builder_config.plan.walks()) == 400
    tags = builder.get_metadata().tags
    assert tags and set(tags) <= set(tfds.core.dataset_metadata.valid_tags())


def test_preview_writes_a_sheet_and_a_clip(tmp_path, monkeypatch, capsys):
    arguments = ["-o", str(tmp_path), "--subject", "1", "--view", "90", "--condition", "nm"]
    monkeypatch.setattr("sys.argv", ["preview", *arguments])
    preview.main()
    assert capsys.readouterr().out.split() == [
        str(tmp_path / f"walkers.{e}") for e in ("png", "mp4")
    ]
    assert cv2.imread(str(tmp_path / "walkers.png")).shape == (630, 390, 3)
    clip = cv2.VideoCapture(str(tmp_path / "walkers.mp4"))
    assert clip.get(cv2.CAP_PROP_FPS) == 25
    assert clip.read()[1].shape == (480, 320, 3)
