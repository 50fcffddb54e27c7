"""The guard that keeps a method's people apart from those who are probed."""

import json
import types

import pytest
from drawn import load_config

from gait_jax import runs
from gait_jax.data.groups import assign
from gait_jax.evaluation import leaks
from gait_jax.methods.base import Run

_PEOPLE = [f"{k:03d}" for k in range(124)]
_GROUPS = assign("jisa2019", _PEOPLE)


def _dataset(name="walkers"):
    def members(group):
        return _PEOPLE if group == "all" else _GROUPS[group]

    return types.SimpleNamespace(name=name, members=members)


def _run(folder, config, groups=_GROUPS, name="walkers"):
    """A folder as a training leaves it, without its checkpoints."""
    folder.mkdir()
    (folder / "config.json").write_text(config.to_json())
    data = {"name": name, "groups": groups}
    (folder / "provenance.json").write_text(json.dumps({"starts": [{"data": data}]}))
    return Run(folder, config, runs.build_method(config), None, 1)


def _stgan(**changes):
    config = load_config("stgan", "walkers")
    config.update_from_flattened_dict(changes)
    return config


def _known(*groups):
    return {name for group in groups for name in _GROUPS[group]}


def test_a_noise_generators_own_people_count(tmp_path):
    run = _run(tmp_path / "run", _stgan())
    assert leaks.trained_on(run, _dataset()) == _known("stgan", "noise")
    # Without the generator there is nobody but ST-GAN's.
    run = _run(tmp_path / "gaussian", _stgan(noise="gaussian"))
    assert leaks.trained_on(run, _dataset()) == _known("stgan")


def test_a_generator_on_the_tested_people_is_found(tmp_path):
    run = _run(tmp_path / "run", _stgan(**{"noise_gan.data.group": "test"}))
    assert leaks.trained_on(run, _dataset()) == _known("stgan", "test")


def test_people_of_a_checkpoint_count_by_what_it_wrote_down(tmp_path):
    before = _stgan()
    generator = runs.build_method(before).noise_gan.config
    _run(tmp_path / "noise", generator, {"noise": ["001", "100"]})
    run = _run(tmp_path / "run", _stgan(**{"noise_gan.checkpoint": str(tmp_path / "noise")}))
    assert leaks.trained_on(run, _dataset()) == _known("stgan") | {"001", "100"}


def test_a_checkpoint_that_is_gone_is_said(tmp_path, caplog):
    run = _run(tmp_path / "run", _stgan(**{"noise_gan.checkpoint": str(tmp_path / "gone")}))
    assert leaks.trained_on(run, _dataset()) == _known("stgan")
    assert "builds on a run whose people cannot be told any more" in caplog.text


@pytest.mark.parametrize("group", ["group", "noise_gan.data.group"])
def test_everybody_is_everybody(tmp_path, group):
    name = group if "." in group else f"data.{group}"
    run = _run(tmp_path / "run", _stgan(**{name: "all"}))
    assert leaks.trained_on(run, _dataset()) == set(_PEOPLE)


def test_people_of_another_data_set_do_not_count(tmp_path):
    run = _run(tmp_path / "run", _stgan())
    assert leaks.trained_on(run, _dataset("casia_b")) == set()


def test_a_recogniser_that_began_with_others_has_seen_them(tmp_path):
    # On CASIA-A by itself, on walkers before that.
    config = load_config("gaitset", "casia_a,small,pretrain=walkers")
    run = _run(tmp_path / "run", config, {"train": ["fyc"]}, "casia_a")
    assert leaks.trained_on(run, _dataset("casia_a")) == {"fyc"}
    assert leaks.trained_on(run, _dataset()) == set(_PEOPLE[:60])
