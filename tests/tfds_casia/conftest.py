import pathlib

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

import tfds_casia


@pytest.fixture(autouse=True)
def _no_progress_bars():
    tfds.disable_progress_bar()


@pytest.fixture(scope="session")
def silhouette():
    """Draws a walking figure of sorts, different for each number, uint8 [24, 32]."""

    def draw(number: int) -> np.ndarray:
        image = np.zeros((24, 32), np.uint8)
        cv2.circle(image, (4 + number % 24, 6), 3, 255, -1)
        cv2.line(image, (4 + number % 24, 8), (10 + number % 7, 20), 255, 2)
        return image

    return draw


@pytest.fixture(scope="session")
def silhouette_png(silhouette):
    """Gives a figure as a PNG file's bytes."""

    def encode(number: int) -> bytes:
        return cv2.imencode(".png", silhouette(number))[1].tobytes()

    return encode


@pytest.fixture
def write_sequence(silhouette_png):
    """Writes a sequence's frames as files NAME-001.png, ... into a folder."""

    def write(folder: pathlib.Path, name: str, numbers=(1, 2)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            (folder / f"{name}-{number:03d}.png").write_bytes(silhouette_png(number))

    return write


@pytest.fixture
def manual_dir(tmp_path):
    folder = tmp_path / "manual"
    folder.mkdir()
    return folder


@pytest.fixture
def prepare(tmp_path, manual_dir):
    """Prepares a data set from manual_dir and opens it anew; returns (builder, examples)."""

    def run(builder_class=tfds_casia.CasiaB):
        data_dir = tmp_path / "data"
        builder_class(data_dir=data_dir, processes=1).download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
        )
        builder = builder_class(data_dir=data_dir)
        decoders = {"frames": tfds_casia.PngBytes()}
        return builder, list(builder.as_data_source("all", decoders=decoders))

    return run
