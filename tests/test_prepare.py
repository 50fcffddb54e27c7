import pathlib

import processes
import pytest
from drawn import as_flags

from gait_jax import trainer


def _stores(folder):
    return sorted({path.name.split("-")[0] for path in folder.rglob("*-*") if path.is_dir()})


def test_the_command_line_makes_what_training_reads_and_nothing_else(casia_a_dir, tmp_path):
    data, derived, workdir = (tmp_path / name for name in ("data", "derived", "run"))
    flags = as_flags("stgan_resampled", casia_a_dir, data, **{"data.derived_dir": derived})
    done = processes.module("gait_jax.prepare", *flags, f"--workdir={workdir}", "--noprogress")
    assert done.returncode == 0, done.stderr
    assert _stores(derived) == ["casia_a", "content", "contours", "gaits"]
    assert _stores(data) == []
    assert not workdir.exists()


def test_an_evaluation_is_prepared_for_all_that_it_trains(tiny_config, tmp_path, monkeypatch):
    # Imported here: the command lines' flags are those of one process.
    from configs import closed
    from gait_jax import prepare

    prepared = []
    monkeypatch.setattr(trainer, "prepare", lambda config, progress: prepared.append(config))
    config = closed.get_config("casia_a")
    config.seed = 3
    for name in ("manual_dir", "data_dir"):
        config.data[name] = tiny_config.data[name]
    prepare.prepare(config, tmp_path / "run", False)
    assert sorted(training.method for training in prepared) == ["stgan", "wu2017", "zheng2011"]
    assert {training.seed for training in prepared} == {3}
    assert {training.data.groups for training in prepared} == {"few"}
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("own", "given", "painting"),
    [("dcgan", "", []), ("dcgan", "shipped:stgan", ["stgan_walkers"]), ("", "", [""])],
)
def test_a_colouriser_is_prepared_for_where_whom_it_paints_is_there(
    tiny_config, tmp_path, monkeypatch, own, given, painting
):
    # Imported here: the command lines' flags are those of one process.
    from configs.papers import apsipa2020
    from gait_jax import prepare

    prepared = []
    monkeypatch.setattr(trainer, "prepare", lambda config, progress: prepared.append(config))
    config = apsipa2020.get_config()
    for name in ("name", "manual_dir", "data_dir"):
        config.data[name] = tiny_config.data[name]
    config.anonymizer.method = own
    config.methods.dcgan.checkpoint = given
    prepare.prepare(config, tmp_path / "run", False)
    methods = {"zheng2011", "stgan"} | (set() if given else {"dcgan"})
    assert {one.method for one in prepared} - {"colour_transfer", "dcgan_colour"} == methods
    painters = [one for one in prepared if "anonymizer" in one]
    assert [pathlib.Path(one.anonymizer.checkpoint).name for one in painters] == painting * 2
    assert not (tmp_path / "run").exists()


def test_what_needs_a_trained_run_is_left_to_it(tiny_config, monkeypatch, caplog):
    def needs_it(self, dataset, prerequisites, progress):
        del self, dataset, progress
        prerequisites["noise_gan"]

    monkeypatch.setattr("gait_jax.methods.anonymizers.stgan.STGAN.prepare_data", needs_it)
    trainer.prepare(tiny_config, False)
    assert "stgan: what needs a trained noise_gan is left to the training" in caplog.text
