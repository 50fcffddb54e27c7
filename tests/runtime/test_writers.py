"""Writers, with the packages where they are installed and with stand-ins where they are not."""

import importlib.util
import json
import sys

import cv2
import numpy as np
import pytest
import trackers

from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory
from gait_jax.runtime.writers import base, registry
from gait_jax.runtime.writers.base import Writer

_CONFIG = {"seed": 0, "loss.alpha": 0.3, "widths": [8, 16], "name": "a"}


class Kept(Writer):
    """A writer of a user's own."""

    calls: list = []

    def __init__(self, workdir, start):
        self.calls.append(("open", workdir.name, start))

    def hyperparameters(self, values):
        self.calls.append(("hyperparameters", dict(values)))

    def scalars(self, step, values):
        self.calls.append(("scalars", step, dict(values)))

    def images(self, step, images):
        found = {name: (image.shape, str(image.dtype)) for name, image in images.items()}
        self.calls.append(("images", step, found))

    def flush(self):
        self.calls.append("flush")

    def finish(self):
        self.calls.append("finish")


@pytest.fixture
def own(monkeypatch):
    """The name of `Kept`, as a configuration gives it."""
    monkeypatch.setitem(sys.modules, "own_writers", sys.modules[__name__])
    monkeypatch.setattr(Kept, "calls", [])
    return "own_writers:Kept"


def _start(workdir, names, start, end, *, killed=False, config=_CONFIG):
    """The steps of one start, with a picture and an evaluation at every fifth."""
    writers = registry.Writers(registry.find(names), workdir, start)
    writers.hyperparameters(config)
    for step in range(start + 1, end + 1):
        writers.scalars(step, {"loss": 1 / step})
        if step % 5 == 0:
            writers.scalars(step, {"eval_x": float(step)})
            image = np.full((6, 8, 3), (step, 0, 0), np.uint8)
            path = RunDirectory(workdir).sample_file(step)
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), image[..., ::-1])
            writers.images(step, {"samples": image})
            writers.flush()
    if killed:
        # What the system does for a killed process.
        writers._others.clear()
    writers.finish()


def _three_starts(workdir, names):
    """Killed after step 7, gone on from the checkpoint of step 5 to 12, and from 10 to 14."""
    workdir.mkdir()
    _start(workdir, names, 0, 7, killed=True)
    _start(workdir, names, 5, 12)
    _start(workdir, names, 10, 14, config=_CONFIG | {"seed": 1})
    rows = RunDirectory(workdir).read_metrics()
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 15))
    assert [row["step"] for row in rows if "eval_x" in row] == [5, 10]


def test_a_writer_of_ones_own_gets_everything_in_order(tmp_path, own):
    _start(tmp_path, f" {own} , ", 4, 6)
    assert Kept.calls == [
        ("open", tmp_path.name, 4),
        ("hyperparameters", _CONFIG),
        ("scalars", 5, {"loss": 0.2}),
        ("scalars", 5, {"eval_x": 5.0}),
        ("images", 5, {"samples": ((6, 8, 3), "uint8")}),
        "flush",
        ("scalars", 6, {"loss": 1 / 6}),
        "finish",
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            "tensorbord",
            "writers names 'tensorbord', which is not known: use mlflow, tensorboard, w",
        ),
        ("no_such_module:Writer", r"no_such_module:Writer, which cannot be imported \(No module"),
        ("json:None", r"names json:None, which cannot be imported \("),
        ("os:system", "names os:system, which is no gait_jax.runtime.writers.base.Writer"),
    ],
)
def test_what_is_no_writer_is_named(names, message):
    with pytest.raises(InputError, match=message):
        registry.find(names)


@pytest.mark.parametrize(
    ("name", "package"),
    [("tensorboard", "tensorboardX"), ("wandb", "wandb"), ("mlflow", "mlflow")],
)
def test_a_missing_package_names_its_extra(tmp_path, monkeypatch, name, package, own):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError) as error:
        registry.Writers(registry.find(f"{own},{name}"), tmp_path, 0)
    assert str(error.value) == (
        f"writers names {name}, and {package} is not installed: pip install 'gait_jax[{name}]', or "
        "leave it out"
    )
    # Those that were open already are closed.
    assert Kept.calls == [("open", tmp_path.name, 0), "finish"]


class Failing(Kept):
    """Loses its server after the second row."""

    def scalars(self, step, values):
        super().scalars(step, values)
        if step == 2:
            raise ConnectionError("no route to host")


def test_a_writer_that_fails_ends_no_training(tmp_path, monkeypatch, own, caplog):
    _start(tmp_path, f"own_writers:Failing,{own}", 0, 3)
    rows = [call[1] for call in Kept.calls if call[0] == "scalars"]
    # The record and the other one go on.
    assert rows == [1, 1, 2, 2, 3]
    assert [row["step"] for row in RunDirectory(tmp_path).read_metrics()] == [1, 2, 3]
    assert caplog.messages == [
        "The writer Failing failed, and is left out (ConnectionError: no route to host)."
    ]


def test_rows_and_pictures_of_earlier_starts(tmp_path):
    _start(tmp_path, "", 0, 10)
    found = list(base.earlier(tmp_path, 3, 7))
    assert [(step, *values) for step, values, _ in found] == [
        (4, "loss"),
        (5, "loss"),
        (5, "eval_x"),
        (6, "loss"),
        (7, "loss"),
    ]
    (image,) = [images["samples"] for _, _, images in found if images]
    assert image.shape == (6, 8, 3) and image[0, 0].tolist() == [5, 0, 0]


def _stand_in(monkeypatch, package):
    """Puts a stand-in in a package's place where that is not installed; whether it did."""
    missing = importlib.util.find_spec(package.__name__) is None
    if missing:
        monkeypatch.setitem(sys.modules, package.__name__, package)
    return missing


def test_wandb_has_each_row_once_whatever_was_killed(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    configs: list = []
    if not _stand_in(monkeypatch, trackers.wandb(configs)):
        pytest.skip("the real one keeps its rows in a form of its own")
    _three_starts(tmp_path / "run", "wandb")
    rows = trackers.wandb_rows(tmp_path / "run")
    assert [row["_step"] for row in rows] == list(range(1, 15))
    assert [row["loss"] for row in rows] == [1 / step for step in range(1, 15)]
    evaluated = [(row["_step"], row["eval_x"], row["samples"]) for row in rows if "eval_x" in row]
    # Pictures of one channel: a third of its value on the mean.
    assert evaluated == [(5, 5.0, pytest.approx(5 / 3)), (10, 10.0, pytest.approx(10 / 3))]
    assert [config["seed"] for config in configs] == [0, 0, 1]
    record = json.loads((tmp_path / "run" / "wandb.json").read_text())
    assert record["step"] == 14 and len(record["finished"]) == 2


def test_mlflow_has_each_row_once_whatever_was_killed(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(trackers.MlflowClient, "stores", {})
    _stand_in(monkeypatch, trackers.mlflow())
    _three_starts(tmp_path / "run", "mlflow")
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'run/mlflow/mlflow.db'}")
    known = json.loads((tmp_path / "run" / "mlflow.json").read_text())["run"]
    for name, steps in (("loss", list(range(1, 15))), ("eval_x", [5, 10])):
        history = client.get_metric_history(known, name)
        assert [metric.step for metric in history] == steps
    assert [metric.value for metric in history] == [5.0, 10.0]
    assert client.get_run(known).data.params == {n: str(v) for n, v in _CONFIG.items()}


def test_a_tracker_that_is_asked_for_later_gets_what_was_measured_before(tmp_path, monkeypatch):
    monkeypatch.setattr(trackers.MlflowClient, "stores", {})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'all.db'}")
    # Where the real one would keep pictures.
    monkeypatch.chdir(tmp_path)
    _stand_in(monkeypatch, trackers.mlflow())
    workdir = tmp_path / "run"
    workdir.mkdir()
    _start(workdir, "", 0, 7)
    _start(workdir, "mlflow", 5, 6)
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'all.db'}")
    known = json.loads((workdir / "mlflow.json").read_text())["run"]
    history = client.get_metric_history(known, "loss")
    assert [metric.step for metric in history] == [1, 2, 3, 4, 5, 6]
    assert not (workdir / "mlflow").exists()


def test_tensorboard_shows_each_row_once_with_pictures_and_hyperparameters(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", trackers.tensorboard())
    monkeypatch.setattr(trackers.SummaryWriter, "shown", {})
    _three_starts(tmp_path / "run", "tensorboard")
    ((folder, shown),) = trackers.SummaryWriter.shown.items()
    assert folder == str(tmp_path / "run" / "tensorboard")
    rows = [("loss", step, 1 / step) for step in range(1, 15)]
    rows += [("eval_x", step, float(step)) for step in (5, 10)]
    rows += [("samples", step, pytest.approx(step / 3)) for step in (5, 10)]
    assert sorted(shown["rows"], key=lambda row: row[:2]) == sorted(rows, key=lambda row: row[:2])
    assert shown["hparams"] == [_CONFIG | {"widths": "[8, 16]", "seed": seed} for seed in (0, 0, 1)]
    # And one that is asked for later gets what was measured before.
    (tmp_path / "run" / "tensorboard").rmdir()
    trackers.SummaryWriter.shown.clear()
    _start(tmp_path / "run", "tensorboard", 10, 11)
    rows = trackers.SummaryWriter.shown[folder]["rows"]
    assert [step for name, step, _ in rows if name == "loss"] == list(range(1, 12))
    assert [step for name, step, _ in rows if name == "samples"] == [5, 10]
