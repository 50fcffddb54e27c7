import ml_collections
import pytest

from gait_jax.runtime.errors import InputError
from gait_jax.sweeps import grid


def _config(**more):
    return ml_collections.ConfigDict(
        {
            "method": "stgan",
            "seed": 0,
            "loss": {"alpha": 0.3, "saturating": False},
            "widths": (32, 64),
            "data": {"name": "walkers", "anonymized_by": ""},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("seed=0..4", [0, 1, 2, 3, 4]),
        ("seed=7", [7]),
        ("seed=1,3..4,9", [1, 3, 4, 9]),
        ("loss.alpha=0.2, 0.30,1", [0.2, 0.3, 1.0]),
        ("loss.alpha=-1e-3", [-0.001]),
        ("loss.saturating=true,False", [True, False]),
        ("data.name=walkers,casia_b", ["walkers", "casia_b"]),
        ("widths=(8,16),(32,)", [(8, 16), (32,)]),
        ("widths=[8,16]", [(8, 16)]),
    ],
)
def test_an_axis(text, values):
    field, found = grid.parse_axis(_config(), text)
    assert field == text.partition("=")[0]
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "no FIELD=VALUE"),
        ("seed=", "no FIELD=VALUE"),
        ("seeds=1", "no field seeds"),
        ("loss.alpha.x=1", "no field loss.alpha.x"),
        ("loss=1", "group of fields"),
        ("seed=1.5", "'1.5' is no int"),
        ("seed=True", "'True' is no int"),
        ("seed=x", "'x' is no int"),
        ("seed=1,,2", "'' is no int"),
        ("seed=4..1", "no range"),
        ("seed=0..10000000000", "no range"),
        ("loss.alpha=0.2,x", "'x' is no float"),
        ("loss.alpha=1e999", "'1e999' is no float"),
        ("loss.alpha=" + "(" * 5000, "is no float"),
        ("loss.saturating=1", "neither true nor false"),
        ("widths=8", "'8' is no tuple"),
        ("seed=1,2,1", "twice"),
        ("loss.alpha=1,1.0", "twice"),
        ("data.anonymized_by=nowhere/*", "no folder nowhere"),
    ],
)
def test_an_axis_that_does_not_fit(text, message):
    with pytest.raises(InputError, match=message):
        grid.parse_axis(_config(), text)


def test_folders_by_a_pattern(tmp_path, monkeypatch):
    for name in ("runs/b", "runs/a", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "runs" / "file").touch()
    whole = [str(tmp_path / "runs" / name) for name in "ab"]
    axis = f"data.anonymized_by={tmp_path}/runs/*"
    assert grid.parse_axis(_config(), axis) == ("data.anonymized_by", whole)
    monkeypatch.chdir(tmp_path)
    found = grid.parse_axis(_config(), "data.anonymized_by=runs/*,other")
    assert found == ("data.anonymized_by", ["runs/a", "runs/b", "other"])


def test_every_combination_is_a_run():
    config = _config()
    planned = grid.plan(config, ["loss.alpha=0.2,0.4", "seed=0..2"])
    assert [run.name for run in planned] == [
        f"loss.alpha={alpha},seed={seed}" for alpha in (0.2, 0.4) for seed in (0, 1, 2)
    ]
    assert [(run.config.loss.alpha, run.config.seed) for run in planned] == [
        *((0.2, 0), (0.2, 1), (0.2, 2), (0.4, 0), (0.4, 1), (0.4, 2))
    ]
    assert planned[5].fields == {"loss.alpha": 0.4, "seed": 2}
    assert planned[5].config.widths == (32, 64)
    # What all share is as it was.
    assert config.to_dict() == _config().to_dict()
    (alone,) = grid.plan(config, [])
    assert alone.config.to_dict() == config.to_dict()


def test_a_field_has_one_axis_and_runs_an_end():
    with pytest.raises(InputError, match="twice: seed, seed"):
        grid.plan(_config(), ["seed=1", "seed=2"])
    with pytest.raises(InputError, match="10200 combinations"):
        grid.plan(_config(steps=1), ["seed=0..101", "steps=0..99"])


def test_names_are_of_folders_and_tell_runs_apart():
    assert grid.name_of({"seed": 1, "noise": "noise_gan"}) == "seed=1,noise=noise_gan"
    others = [{"a": "runs/x"}, {"a": "runs_x"}, {"a": "runs x"}, {"a": "x" * 300}, {"a": "x" * 301}]
    names = [grid.name_of(fields) for fields in others]
    assert len(set(names)) == len(names)
    assert all("/" not in name and len(name) < 150 for name in names)
