import json
import pickle
import sys

import cv2
import numpy as np
import processes
import pytest
import tensorflow_datasets as tfds
from absl import logging
from tensorflow_datasets.core import dataset_metadata

import tfds_casia
from tfds_casia import silhouette_builder


def test_casia_b_holds_what_was_drawn(
    manual_dir, prepare, write_sequence, silhouette, silhouette_png
):
    # Written in another order than read, with a gap, and above the length of the zero padding.
    numbers = (1000, 7, 2)
    write_sequence(manual_dir / "GaitDatasetB-silh/002/nm-01/018", "002-nm-01-018", (1,))
    write_sequence(manual_dir / "GaitDatasetB-silh/001/cl-02/090", "001-cl-02-090", numbers)
    builder, examples = prepare()
    assert len(examples) == 2
    first = examples[0]
    assert first["frames"].tolist() == [silhouette_png(number) for number in (2, 7, 1000)]
    assert first["frame_numbers"] == [2, 7, 1000]
    assert {key: first[key] for key in ("subject", "condition", "sequence", "view")} == {
        "subject": b"001",
        "condition": b"cl",
        "sequence": 2,
        "view": 90,
    }
    decoded = builder.as_data_source("all")[0]["frames"]
    for image, number in zip(decoded, (2, 7, 1000), strict=True):
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, silhouette(number)[..., np.newaxis])


def test_casia_a_holds_what_was_drawn(manual_dir, prepare, write_sequence, silhouette_png):
    write_sequence(manual_dir / "zdx/45_3", "zdx-45_3")
    _, (example,) = prepare(tfds_casia.CasiaA)
    assert example["frames"].tolist() == [silhouette_png(1), silhouette_png(2)]
    del example["frames"]
    assert example == {
        "frame_numbers": [1, 2],
        "subject": b"zdx",
        "condition": b"nm",
        "sequence": 3,
        "view": 45,
    }


def test_order_is_that_of_the_keys_across_shards(manual_dir, prepare, write_sequence, monkeypatch):
    monkeypatch.setattr(silhouette_builder, "_SEQUENCES_PER_SHARD", 2)
    names = ["010-nm-01-000", "002-nm-02-000", "002-nm-01-180", "002-nm-01-018", "002-bg-01-090"]
    for index, name in enumerate(names):
        write_sequence(manual_dir / f"folder{index}", name)
    builder, examples = prepare()
    assert builder.info.splits["sequences"].shard_lengths == [2, 2, 1]
    keys = [
        f"{e['subject'].decode()}-{e['condition'].decode()}-{e['sequence']:02d}-{e['view']:03d}"
        for e in examples
    ]
    assert keys == sorted(names)


def test_a_shard_may_turn_out_empty(manual_dir, prepare, write_sequence, monkeypatch):
    monkeypatch.setattr(silhouette_builder, "_SEQUENCES_PER_SHARD", 1)
    for subject in ("001", "002", "003"):
        write_sequence(manual_dir, f"{subject}-nm-01-000")
    for number in (1, 2):
        (manual_dir / f"002-nm-01-000-00{number}.png").write_bytes(b"")
    builder, examples = prepare()
    assert builder.info.splits["sequences"].shard_lengths == [1, 0, 1]
    assert [example["subject"] for example in examples] == [b"001", b"003"]


def test_frames_may_differ_in_size(manual_dir, prepare):
    sizes = [(10, 20), (30, 5)]
    for number, size in enumerate(sizes):
        image = np.full(size, 255, np.uint8)
        cv2.imwrite(str(manual_dir / f"001-nm-01-000-{number:03d}.png"), image)
    builder, _ = prepare()
    frames = builder.as_data_source("all")[0]["frames"]
    assert [frame.shape for frame in frames] == [(10, 20, 1), (30, 5, 1)]


def test_metadata_is_there_in_a_fresh_process(manual_dir, prepare, write_sequence, tmp_path):
    write_sequence(manual_dir, "001-nm-01-000", (1, 2, 3))
    (manual_dir / "Thumbs.db").write_bytes(b"x")
    prepare()
    script = (
        "import json, sys, tfds_casia\n"
        "builder = tfds_casia.CasiaB(data_dir=sys.argv[1])\n"
        "assert 'tensorflow' not in sys.modules\n"
        "print(json.dumps(builder.info.metadata))"
    )
    result = processes.run([sys.executable, "-c", script, tmp_path / "data"])
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {
        "manual_dir": str(manual_dir.resolve()),
        "subjects": 1,
        "sequences": 1,
        "frames": 3,
        "skipped": {"stray_file": {"count": 1, "names": ["Thumbs.db"]}},
        "noted": {},
    }


def test_one_summary_is_logged(manual_dir, prepare, write_sequence, caplog, monkeypatch):
    monkeypatch.setattr(logging.get_absl_logger(), "propagate", True)
    write_sequence(manual_dir, "001-nm-01-000")
    (manual_dir / "Thumbs.db").write_bytes(b"x")
    prepare()
    messages = [r.getMessage() for r in caplog.records if "Left out" in r.getMessage()]
    assert messages == [
        f"{manual_dir.resolve()}: 1 subjects, 1 sequences, 2 frames.\n"
        "Left out: 1 × stray_file: Thumbs.db"
    ]


def test_preparing_again_keeps_what_is_there(manual_dir, prepare, write_sequence):
    write_sequence(manual_dir, "001-nm-01-000")
    prepare()
    write_sequence(manual_dir, "002-nm-01-000")
    builder, examples = prepare()
    assert len(examples) == 1
    assert builder.info.metadata["subjects"] == 1


def test_builder_survives_pickling(manual_dir, prepare, write_sequence):
    write_sequence(manual_dir, "001-nm-01-000")
    builder, _ = prepare()
    assert pickle.loads(pickle.dumps(builder)).info.metadata["frames"] == 2


def test_both_builders_present_the_same_features(tmp_path):
    features = [
        builder_class(data_dir=tmp_path).info.features.to_json()
        for builder_class in (tfds_casia.CasiaA, tfds_casia.CasiaB)
    ]
    assert features[0] == features[1]


@pytest.mark.parametrize("name", ["casia_a", "casia_b/silhouettes"])
def test_tfds_knows_the_builders(name, tmp_path):
    assert name.split("/")[0] in tfds_casia.DATA_SETS
    builder = tfds.builder(name, data_dir=tmp_path)
    assert str(builder.info.version) == ("1.1.0" if name == "casia_a" else "1.0.0")
    assert "CASIA" in builder.info.description
    assert builder.info.citation.startswith("@")
    tags = builder.get_metadata().tags
    assert tags and set(tags) <= set(dataset_metadata.valid_tags())


def test_casia_b_keeps_its_configurations_apart(tmp_path):
    builder = tfds_casia.CasiaB(data_dir=tmp_path)
    assert builder.data_path.relative_to(tmp_path).parts == ("casia_b", "silhouettes", "1.0.0")
