import json
import pathlib
import re
import signal
import sys

import cv2
import jax
import numpy as np
import processes
import pytest
from drawn import ROOT, as_flags, load_config

import tfds_casia
from gait_jax import anonymize, export, exporting, runs, trainer
from gait_jax.data import dataset
from gait_jax.methods.anonymizers.noise_gan import config_within
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.run_directory import RunDirectory
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.walkers_dataset_builder import WalkersConfig


def leaves(state):
    return {
        jax.tree_util.keystr(path): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(state)
    }


def test_restart_gives_the_same_parameters_bit_for_bit(tiny_config, tmp_path):
    whole = trainer.train_and_evaluate(tiny_config, tmp_path / "whole", progress=False)
    tiny_config.train_steps = 2
    trainer.train_and_evaluate(tiny_config, tmp_path / "parts", progress=False)
    tiny_config.train_steps = 4
    parts = trainer.train_and_evaluate(tiny_config, tmp_path / "parts", progress=False)

    a, b = leaves(whole), leaves(parts)
    assert a.keys() == b.keys()
    different = [name for name in a if not np.array_equal(a[name], b[name])]
    assert different == []
    assert int(whole.step) == int(parts.step) == 4
    # The rows of both runs are the same but for the clock.
    rows = [
        [
            {k: v for k, v in row.items() if k != "frames_per_second"}
            for row in RunDirectory(tmp_path / run).read_metrics()
        ]
        for run in ("whole", "parts")
    ]
    assert rows[0] == rows[1]
    starts = json.loads((tmp_path / "parts" / "provenance.json").read_text())["starts"]
    assert [start["from_step"] for start in starts] == [0, 2]


def test_pair_networks_restart_bit_for_bit(casia_a_dir, data_dir, tmp_path):
    config = load_config("wu2017", "casia_a,small")
    config.update_from_flattened_dict(
        {
            "data.manual_dir": str(casia_a_dir),
            "data.data_dir": str(data_dir),
            "data.size": 50,
            "data.pack.people": 2,
            "data.pack.images": 2,
            "data.pack.pairs": 4,
            "train_steps": 4,
            "log_every": 1,
            "eval_every": 4,
            "checkpoint_every": 2,
            "eval_batch": 2,
            # Started anew after the third step: so is a run that was stopped after the second.
            "plateau.steps": 3,
            "plateau.loss": 0.01,
        }
    )
    whole = trainer.train_and_evaluate(config, tmp_path / "whole", progress=False)
    config.train_steps = 2
    trainer.train_and_evaluate(config, tmp_path / "parts", progress=False)
    config.train_steps = 4
    parts = trainer.train_and_evaluate(config, tmp_path / "parts", progress=False)
    a, b = leaves(whole), leaves(parts)
    assert [name for name in a if not np.array_equal(a[name], b[name])] == []
    assert int(whole.opt["plateau"]["restarts"]) == 1
    sheet = cv2.imread(str(tmp_path / "whole" / "samples" / "0000004.png"))
    # Four pairs of 50×50 with their labels, in a row of six.
    assert sheet.shape == (66, 6 * 106, 3)


def test_a_run_leaves_what_its_folder_should_hold(trained_run):
    config = json.loads((trained_run / "config.json").read_text())
    assert config["loss"]["alpha"] == 0.3
    start = json.loads((trained_run / "provenance.json").read_text())["starts"][0]
    assert start["data"]["name"] == "casia_a" and start["data"]["synthetic"] is False
    # few: 60/10/30 of a hundred, scaled to ten subjects.
    assert {k: len(v) for k, v in start["data"]["groups"].items()} == {
        "train": 6,
        "validation": 1,
        "test": 3,
    }
    assert start["packages"]["jax"] == jax.__version__
    rows = RunDirectory(trained_run).read_metrics()
    assert [row["step"] for row in rows if "loss_generator" in row] == [1, 2, 3, 4]
    assert [row["step"] for row in rows if "eval_from_original" in row] == [2, 4]
    # Four rows (original, noise, anonymised, XOR) for each of two sequences of four frames.
    sheet = cv2.imread(str(trained_run / "samples" / "0000004.png"), cv2.IMREAD_GRAYSCALE)
    assert sheet.shape == (2 * 4 * 114, 84 + 4 * 88)
    assert cv2.imread(str(trained_run / "curves.png")) is not None
    assert (trained_run / "noise_gan" / "samples" / "0000002.png").exists()


def test_loss_rows_add_up_to_equation_8(trained_run):
    for row in RunDirectory(trained_run).read_metrics():
        if "loss_generator" not in row:
            continue
        # contour = 500 weighs both norms, α = 0.3 the perturbation.
        expected = (
            row["loss_spatial"]
            + row["loss_temporal"]
            + 500 * (row["loss_reconstruction"] + 0.3 * row["loss_perturbation"])
        )
        assert row["loss_generator"] == pytest.approx(expected, rel=1e-5)


def test_a_changed_configuration_is_refused_by_name(quick_config, tmp_path):
    quick_config.train_steps = 2
    trainer.train_and_evaluate(quick_config, tmp_path, progress=False)
    quick_config.loss.saturating = True
    with pytest.raises(InputError, match=r"loss\.saturating \(False → True\)"):
        trainer.train_and_evaluate(quick_config, tmp_path, progress=False)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(
    quick_config, tmp_path, monkeypatch
):
    quick_config.train_steps = 2
    trainer.train_and_evaluate(quick_config, tmp_path, progress=False)
    quick_config.train_steps = 6
    shard = parallel.shard
    count = iter(range(100))

    def poisoned(batches, devices):
        if next(count) == 1:
            batches[0]["contours"][:] = np.nan
        return shard(batches, devices)

    monkeypatch.setattr(parallel, "shard", poisoned)
    with pytest.raises(trainer.DivergedError, match=r"step 4: \w+ is nan; .* step 2"):
        trainer.train_and_evaluate(quick_config, tmp_path, progress=False)
    assert runs.open_run(tmp_path).step == 2


def test_a_given_noise_gan_is_used_and_one_of_other_sizes_refused(
    tiny_config, trained_run, tmp_path
):
    tiny_config.noise_gan.checkpoint = str(trained_run / "noise_gan")
    tiny_config.train_steps = 1
    state = trainer.train_and_evaluate(tiny_config, tmp_path / "a", progress=False)
    given = runs.open_run(trained_run / "noise_gan").state
    jax.tree.map(np.testing.assert_array_equal, state.frozen["noise_gan"], given.ema["generator"])
    assert not (tmp_path / "a" / "noise_gan").exists()

    tiny_config.noise_gan.generator.widths = (8, 16)
    with pytest.raises(InputError, match="networks of other sizes"):
        trainer.train_and_evaluate(tiny_config, tmp_path / "b", progress=False)


def test_unknown_method(tiny_config, tmp_path):
    tiny_config.method = "magic"
    known = "colour_transfer, contour_inversion, dcgan, dcgan_colour, gait_windows, gaitbase, "
    with pytest.raises(InputError, match=f"method 'magic' is not known: use one of {known}"):
        trainer.train_and_evaluate(tiny_config, tmp_path, progress=False)


@pytest.fixture
def quick_config(tiny_config):
    """G_N alone, which compiles in a fraction of ST-GAN's time."""
    config = config_within(tiny_config)
    config.train_steps = 4
    return config


def test_the_best_checkpoint_is_kept_and_opened_by_name(
    quick_config, tmp_path, casia_a_dir, capsys
):
    quick_config.keep_checkpoints, quick_config.train_steps = 1, 6
    # Of these networks the first evaluation is the best or the last: kept is what the rows say.
    quick_config.keep_best = "max:eval_nearest_real"
    trainer.train_and_evaluate(quick_config, tmp_path / "run", progress=False)
    run = RunDirectory(tmp_path / "run")
    rows = run.read_metrics()
    values = {r["step"]: r["eval_nearest_real"] for r in rows if "eval_nearest_real" in r}
    best = max(values, key=values.get)
    assert values.keys() == {2, 4, 6}
    assert run.best_step() == best and run.steps() == sorted({best, 6})
    assert runs.open_run(tmp_path / "run", "best").step == best
    assert runs.open_run(tmp_path / "run").step == 6

    assert exporting.export(tmp_path / "run", tmp_path / "model", "best") == best
    assert runs.open_run(tmp_path / "model", str(best)).step == best
    with pytest.raises(InputError, match=f"an exported model of step {best} alone: leave out"):
        runs.open_run(tmp_path / "model", 5)

    given = [str(tmp_path / "run"), "-o", str(tmp_path / "none"), "--step=7"]
    assert export.main(given) == 1
    given[0] = str(casia_a_dir)
    assert anonymize.main([*given, f"--checkpoint={tmp_path / 'run'}"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert all(f"{tmp_path / 'run'} has no checkpoint of step 7: it has " in line for line in lines)
    assert len(lines) == 2 and not (tmp_path / "none").exists()

    quick_config.keep_best = "min:eval_nothing"
    with pytest.raises(InputError, match=r"'min:eval_nothing' names no metric of this run: it has"):
        trainer.train_and_evaluate(quick_config, tmp_path / "other", progress=False)


def test_the_log_tells_of_steps_evaluations_saves_and_the_end(trained_run, quick_config, caplog):
    # `trained_run` has prepared the data.
    quick_config.log_every = 2
    workdir = trained_run.parent / "told"
    with caplog.at_level("INFO"):
        trainer.train_and_evaluate(quick_config, workdir, progress=False)
    number, clock = r"-?\d[\d.e+-]*", r"\d+:\d\d:\d\d"
    lines = [
        rf"noise_gan: step {{}}/4: loss_\w+ {number}(, \w+ {number})+; \d+ frames/s, {clock} left.",
        rf"noise_gan: evaluation after step {{}}: eval_\w+ {number}(, eval_\w+ {number})*\.",
        rf"Saving step {{}} in {workdir}/checkpoints\.",
    ]
    expected = [line.format(step) for step in (2, 4) for line in lines]
    expected.append(rf"Done: step 4 is reached, after {clock}, in {workdir}\.")
    told = [r.getMessage() for r in caplog.records if "gait_jax/" in r.pathname]
    first = next(i for i, line in enumerate(told) if "step 2/4" in line)
    assert len(told[first:]) == len(expected)
    for line, pattern in zip(told[first:], expected, strict=True):
        assert re.fullmatch(pattern, line), (pattern, line)


def _train(workdir, flags, devices=1):
    return processes.run(
        [sys.executable, "-m", "gait_jax.train", f"--workdir={workdir}", "--noprogress", *flags],
        env=processes.devices(devices),
    )


def test_command_line_trains_resumes_and_refuses(casia_a_dir, data_dir, tmp_path):
    # The padded layout of the paper, on four simulated devices.
    flags = as_flags("stgan", casia_a_dir, data_dir, **{"noise_gan.generator.stride": 16})
    first = _train(tmp_path / "run", [*flags, "--config.train_steps=2"], devices=4)
    assert first.returncode == 0, first.stderr
    again = _train(tmp_path / "run", flags, devices=4)
    assert again.returncode == 0, again.stderr
    assert "after step 2" in again.stderr
    assert [
        row["step"]
        for row in RunDirectory(tmp_path / "run").read_metrics()
        if "loss_generator" in row
    ] == [1, 2, 3, 4]

    changed = _train(tmp_path / "run", [*flags, "--config.seed=1"], devices=4)
    assert changed.returncode == 1
    assert changed.stderr.splitlines()[-1].startswith("gait_jax.train: ")
    assert "seed (0 → 1)" in changed.stderr.splitlines()[-1]
    assert "Traceback" not in changed.stderr

    # One device on the same global batch: equal to float tolerance.
    alone = _train(tmp_path / "alone", flags, devices=1)
    assert alone.returncode == 0, alone.stderr
    many, one = (leaves(runs.open_run(tmp_path / run).state) for run in ("run", "alone"))
    for name in many:
        np.testing.assert_allclose(many[name], one[name], rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_second_start_is_refused_and_ctrl_c_saves(casia_a_dir, data_dir, tmp_path):
    workdir = tmp_path / "run"
    far = {"noise": "gaussian", "train_steps": 1_000_000, "checkpoint_every": 1_000_000}
    flags = as_flags("stgan", casia_a_dir, data_dir, eval_every=1_000_000, **far)
    command = [sys.executable, "-m", "gait_jax.train", f"--workdir={workdir}", *flags]
    first = processes.start(command, env=processes.devices(1), stdout=processes.NOWHERE)
    processes.wait_for(lambda: len(RunDirectory(workdir).read_metrics()) > 3, first)

    before = set(workdir.rglob("*"))
    second = _train(workdir, [*flags, "--verbosity=-1"])
    assert second.returncode == 1
    # Of the log, warnings are left.
    last = [line for line in second.stderr.splitlines() if not line.startswith("W")]
    (line,) = last
    assert line.startswith(f"gait_jax.train: {workdir} is in use: process {first.pid} on ")
    assert first.poll() is None and before <= set(workdir.rglob("*"))

    first.send_signal(signal.SIGINT)
    status, _, errors = processes.finish(first)
    *_, stopping, saving, last = errors.splitlines()
    assert (status, "Traceback" in errors) == (130, False), errors
    step = runs.open_run(workdir).step
    assert f"step {step} is saved in {workdir}. Run the same command again" in last
    assert "step " in stopping and f"Saving step {step} " in saving
    assert "Stopping after the step in hand, and saving; Ctrl-C again ends it at once." in errors
    # No bar was drawn into what is no terminal.
    assert "\r" not in errors and "it/s" not in errors
    assert not (workdir / ".lock").exists()


def test_command_line_names_what_is_wrong(tmp_path):
    missing = _train(
        tmp_path / "run",
        [
            f"--config={ROOT}/configs/stgan.py:casia_a",
            f"--config.data.manual_dir={tmp_path}/none",
            f"--config.data.data_dir={tmp_path}/data",
        ],
    )
    assert missing.returncode == 1
    assert not (tmp_path / "run").exists()
    assert missing.stderr.splitlines()[-1].startswith(
        f"gait_jax.train: {pathlib.Path(tmp_path).resolve()}/none (data.manual_dir) is not a folder"
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--config=configs/none.py"], "configs/none.py"),
        ([f"--config={ROOT}/configs/stgan.py", "--config.loss.beta=1"], "'beta'"),
    ],
)
def test_a_configuration_that_does_not_exist_costs_one_line(tmp_path, flags, message):
    done = _train(tmp_path / "run", flags)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and message in done.stderr
    assert not (tmp_path / "run").exists()


def test_walkers_are_made_and_called_synthetic(tiny_config, tmp_path, monkeypatch, caplog):
    plan = Plan(subjects=3, views=(90,), sequences=(("nm", 1),))
    config = WalkersConfig(name="few", plan=plan)
    monkeypatch.setattr(
        tfds_casia.Walkers,
        "open",
        classmethod(
            lambda cls, data_dir, subjects, form: cls(data_dir=data_dir, config=config, processes=1)
        ),
    )
    tiny_config.data.name = "walkers"
    with pytest.raises(InputError, match="walkers is made, not read"):
        trainer.train_and_evaluate(tiny_config, tmp_path / "run", progress=False)

    tiny_config.data.manual_dir, tiny_config.data.data_dir = "", str(tmp_path / "data")
    tiny_config.train_steps = 1
    dataset.warn_once.cache_clear()
    trainer.train_and_evaluate(tiny_config, tmp_path / "run", progress=False)
    assert "walkers is SYNTHETIC data" in caplog.text
    data = RunDirectory(tmp_path / "run").data_description()
    assert data["synthetic"] is True
    assert data["groups"] == {"train": ["001"], "validation": ["002"], "test": ["003"]}
    # Every frame of a walker can be used.
    assert data["unusable_frames"] == {}
