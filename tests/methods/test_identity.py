import copy

import pytest
from drawn import load_config

from gait_jax.methods.identity import identity, may_change


@pytest.fixture(scope="module")
def stgan():
    return load_config("stgan", "casia_a").to_dict()


def _changed(config, field, value):
    config = copy.deepcopy(config)
    *groups, name = field.split(".")
    place = config
    for group in groups:
        place = place[group]
    assert name in place and place[name] != value, field
    place[name] = value
    return config


_HOW = {
    "log_every": 7,
    "eval_every": 7,
    "checkpoint_every": 7,
    "keep_checkpoints": 7,
    "steps_per_dispatch": 7,
    "accumulate": 2,
    "prefetch": 7,
    "compilation_cache": "/elsewhere",
    "profile": "2-3",
}
_WHERE = {"data.data_dir": "/moved", "data.manual_dir": "/moved"}


@pytest.mark.parametrize("field", [*_HOW, *_WHERE])
def test_how_it_is_computed_and_where_data_stands_is_no_part_of_it(stgan, field):
    changed = _changed(stgan, field, (_HOW | _WHERE)[field])
    assert identity(changed) == identity(stgan)
    assert field in may_change(stgan)


@pytest.mark.parametrize("field", _HOW)
def test_nor_is_it_in_what_a_run_builds_on(stgan, field):
    changed = _changed(stgan, f"noise_gan.{field}", _HOW[field])
    assert identity(changed) == identity(stgan)
    assert f"noise_gan.{field}" in may_change(stgan)


@pytest.mark.parametrize("prefix", ["", "noise_gan."])
def test_a_run_in_a_run_may_have_data_of_its_own(prefix):
    inner = {"method": "noise_gan", "data": {"data_dir": "a", "name": "walkers"}}
    config = {"method": "stgan", "data": {"data_dir": "a", "name": "walkers"}, "noise_gan": inner}
    moved = _changed(config, f"{prefix}data.data_dir", "b")
    assert identity(moved) == identity(config)
    other = _changed(config, f"{prefix}data.name", "casia_b")
    assert identity(other) != identity(config)
    assert identity(config) == {
        "method": "stgan",
        "data": {"name": "walkers"},
        "noise_gan": {"method": "noise_gan", "data": {"name": "walkers"}},
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("loss.alpha", 0.31),
        ("seed", 1),
        ("batch_size", 3),
        ("precision", "bfloat16"),
        ("data.name", "casia_b"),
        ("data.subjects", 3),
        ("data.groups", "jisa2019"),
        ("data.group", "test"),
        ("data.points", 16),
        ("data.anonymized_by", "runs/a"),
        ("noise_gan.seed_size", 3),
        ("noise_gan.optimizer.learning_rate", 1.0),
        ("noise_gan.data.group", "test"),
    ],
)
def test_what_is_computed_is(stgan, field, value):
    changed = _changed(stgan, field, value)
    assert identity(changed) != identity(stgan)
    assert field not in may_change(stgan)


@pytest.mark.parametrize("field", ["train_steps", "noise_gan.train_steps"])
def test_a_restart_may_train_longer_but_that_is_another_result(stgan, field):
    assert field in may_change(stgan)
    assert identity(_changed(stgan, field, 7)) != identity(stgan)


def test_only_a_run_in_a_run_has_fields_that_may_change():
    config = {"method": "a", "optimizer": {"log_every": 3}, "part": {"method": "b", "log_every": 1}}
    assert "part.log_every" in may_change(config)
    assert "optimizer.log_every" not in may_change(config)
    assert identity(config) == {
        "method": "a",
        "optimizer": {"log_every": 3},
        "part": {"method": "b"},
    }


def test_the_configuration_is_left_as_it_is(stgan):
    before = copy.deepcopy(stgan)
    found = identity(stgan)
    found["loss"]["alpha"] = None
    assert stgan == before
