import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

import tfds_casia
from tfds_casia import videos

_SIZE = (32, 24)


def _grey(level):
    return np.full((*_SIZE[::-1], 3), level, np.uint8)


def _write_video(path, levels, size=_SIZE):
    """A video whose n-th frame is evenly grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, size)
    assert writer.isOpened()
    for level in levels:
        writer.write(np.full((size[1], size[0], 3), level, np.uint8))
    writer.release()


@pytest.fixture
def prepare_rgb(tmp_path, manual_dir):
    def run():
        builder = tfds_casia.CasiaB(data_dir=tmp_path / "data", config="rgb")
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
        )
        builder = tfds_casia.CasiaB(data_dir=tmp_path / "data", config="rgb")
        return builder.info.metadata, list(builder.as_data_source("all"))

    return run


def test_silhouettes_are_joined_by_number_and_not_by_position(
    manual_dir, prepare_rgb, write_sequence
):
    # Silhouettes 3, 5 and 9 of a video of eight frames: number 9 has no colour.
    write_sequence(manual_dir / "GaitDatasetB-silh/001", "001-bg-01-090", (3, 5, 9))
    _write_video(manual_dir / "DatasetB-1/video/001-bg-01-090.avi", range(20, 180, 20))
    _write_video(manual_dir / "DatasetB-2/video/001-bkgrd-090.avi", [10, 200, 12, 11, 13])
    metadata, (example,) = prepare_rgb()
    assert example["frame_numbers"] == [3, 5]
    assert len(example["frames"]) == 2
    # Frame n is grey of level 20 n, but for the compression.
    assert [frame.shape for frame in example["colour_frames"]] == [(24, 32, 3)] * 2
    means = [frame.mean() for frame in example["colour_frames"]]
    assert means == pytest.approx([60, 100], abs=2)
    # The median of 10, 200, 12, 11, 13: whoever walks through the background for a moment is not in
    # it.
    assert example["background"].mean() == pytest.approx(12, abs=2)
    assert (metadata["sequences"], metadata["frames"]) == (1, 2)
    assert metadata["skipped"] == {}
    assert metadata["noted"] == {
        "counts_differ": {
            "count": 1, "names": ["001-bg-01-090 (3 silhouettes, 8 colour frames)"]
        },
        "frame_without_colour": {"count": 1, "names": ["001-bg-01-090-009"]},
    }  # fmt: skip


def test_what_cannot_be_joined_is_left_out_and_named(manual_dir, prepare_rgb, write_sequence):
    for name in ("001-nm-01-000", "001-nm-01-018", "001-nm-01-036", "001-nm-01-054",
                 "001-nm-01-072", "001-nm-01-090"):  # fmt: skip
        write_sequence(manual_dir, name, (7, 8) if name.endswith("090") else (1, 2))
    folder = manual_dir / "video"
    _write_video(folder / "001-nm-01-000.avi", [50, 60])
    _write_video(folder / "001-bkgrd-000.avi", [5])
    # 018 has no background, 036 no video, 054 a file that is none, 072 another size, 090 ends too
    # soon.
    _write_video(folder / "001-nm-01-018.avi", [50, 60])
    (folder / "001-nm-01-054.avi").write_bytes(b"RIFF")
    _write_video(folder / "001-nm-01-072.avi", [50, 60], size=(64, 48))
    _write_video(folder / "001-bkgrd-072.avi", [5])
    _write_video(folder / "001-nm-01-090.avi", [50, 60])
    _write_video(folder / "001-nm-02-000.avi", [50, 60])
    _write_video(manual_dir / "video2/001-nm-01-000.avi", [90, 90])
    metadata, (example,) = prepare_rgb()
    assert (example["view"], example["frame_numbers"]) == (0, [1, 2])
    # The first place counts.
    assert example["colour_frames"][0].mean() == pytest.approx(50, abs=2)
    skipped = {reason: entry["names"] for reason, entry in metadata["skipped"].items()}
    assert skipped == {
        "duplicate_sequence": ["video2/001-nm-01-000.avi"],
        "missing_background": ["001-nm-01-018"],
        "missing_video": ["001-nm-01-036"],
        "no_colour_frame": ["001-nm-01-090"],
        "size_differs": ["001-nm-01-072"],
        "unreadable_video": ["video/001-nm-01-054.avi (no AVI file)"],
        "video_without_silhouettes": ["video/001-nm-02-000.avi"],
    }
    assert metadata["sequences"] == 1


def test_a_background_is_the_median_of_frames_spread_over_the_video(tmp_path):
    # Of 60 frames every third is taken: 20 of them, of which 13 are grey of level 30.
    _write_video(tmp_path / "a.avi", [30] * 39 + [230] * 21)
    assert videos.background_of(str(tmp_path / "a.avi")).mean() == pytest.approx(30, abs=2)


def test_casia_b_and_walkers_have_the_same_features_of_colour(tmp_path):
    casia_b = tfds_casia.CasiaB(data_dir=tmp_path, config="rgb").info.features
    walkers = tfds_casia.Walkers(data_dir=tmp_path, config="rgb").info.features
    assert set(walkers) - set(casia_b) == {"degraded_frames", "clothing"}
    for name in casia_b:
        assert casia_b[name].to_json() == walkers[name].to_json()
