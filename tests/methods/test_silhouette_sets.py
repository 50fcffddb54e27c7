import copy
import dataclasses
import functools
import pathlib
import sys
import types

import jax
import numpy as np
import processes
import pytest
from drawn import load_config
from walking_sets import make_walks

from gait_jax import runs, trainer
from gait_jax.data.silhouette_sets import set_data
from gait_jax.evaluation import scoring
from gait_jax.methods.recognisers import aligned
from gait_jax.methods.registry import METHODS
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError

_NAMES = ("gaitset", "gaitbase", "gaitpart")
_WIDTHS = {"gaitset": (4, 4, 8), "gaitbase": (4, 4, 8, 8), "gaitpart": (4, 4, 8)}


def config_of(name, **changes):
    config = load_config(name, "casia_a,small")
    config.update_from_flattened_dict(
        {
            "data.size": 16,
            "data.pack.people": 3,
            "data.pack.sequences": 2,
            "data.frames": 4,
            "data.span": 0,
            "network.widths": _WIDTHS[name],
            "network.parts": (4,),
            "network.embedding": 8,
            "classifier.people": 8,
            "optimizer.schedule": "constant",
            "optimizer.decay_steps": (),
        }
        | changes
    )
    return config


@pytest.fixture(scope="module")
def gaits(tmp_path_factory):
    return make_walks(tmp_path_factory.mktemp("walks") / "gaits-0")


def data_of(config, gaits):
    dataset = types.SimpleNamespace(
        gaits=gaits.store, members=lambda _: sorted(set(gaits.subjects)), description={}
    )
    return set_data(dataset, config.data, aligned.shape_of(config.data.size), progress=False)


def run(config, gaits, steps):
    """Trains; returns the method, the state and the steps' metrics."""
    method, data = METHODS[config.method](config), data_of(config, gaits)
    step = parallel.parallel_steps(method.train_step)
    state = parallel.to_host(method.init(statistics=data.statistics))
    seen = []
    for i in range(steps):
        batch = data.train.take(np.array([i % len(data.train)]), np.array([i], np.uint32))
        state, metrics = step(state, parallel.shard([batch]))
        seen.append({k: float(v[0]) for k, v in metrics.items()})
    return method, parallel.to_host(state), seen


@pytest.mark.parametrize("name", _NAMES)
def test_it_learns_who_is_who_and_then_recognises_them(gaits, name):
    method, state, seen = run(config_of(name, ema_decay=0.5), gaits, 30)
    first, last = (np.mean([m["loss"] for m in part]) for part in (seen[:3], seen[-3:]))
    assert last < 0.8 * first
    assert min(m["distance"] for m in seen) > 0.05 * 0.2
    recogniser = method.recogniser(state)
    probes, gallery = gaits.take(gaits.numbers == 3), gaits.take(gaits.numbers < 3)
    assert scoring.score(recogniser, probes, gallery, (1,)).same.mean() == 1.0


@pytest.fixture(scope="module")
def untrained():
    """What gives an untrained recogniser, each time one that remembers nothing."""
    method = METHODS["gaitpart"](config_of("gaitpart"))
    return functools.partial(method.recogniser, method.init())


def test_distances_depend_on_neither_order_nor_company(gaits, untrained, monkeypatch):
    whole = untrained().distances(gaits, gaits)
    assert whole.shape == (12, 12) and whole.dtype == np.float32
    np.testing.assert_allclose(whole, whole.T, atol=1e-5)
    np.testing.assert_allclose(np.diag(whole), 0, atol=1e-5)
    # Few frames at once, so that each sequence goes alone and is filled up to another length.
    monkeypatch.setattr(aligned, "_AT_ONCE", 16)
    monkeypatch.setattr(aligned, "_FRAMES", 4)
    part = untrained().distances(gaits.take(np.array([5])), gaits.take(np.array([7, 2])))
    np.testing.assert_allclose(part, whole[[5]][:, [7, 2]], rtol=1e-4)


def test_of_a_long_sequence_the_beginning_is_looked_at(gaits, untrained, monkeypatch):
    whole = untrained().points(gaits)
    monkeypatch.setattr(aligned, "LONGEST", 10)
    shortened = untrained().points(gaits)
    # Sequences are of 10, 11 and 12 frames.
    same = [bool(np.allclose(a, b, rtol=1e-4)) for a, b in zip(whole, shortened, strict=True)]
    assert same == [True, False, False] * 4


def test_a_sequence_is_embedded_once(gaits, untrained, monkeypatch):
    recogniser, embedded = untrained(), []
    whole = untrained().points(gaits)

    def counted(asked, embed=recogniser._embedded):
        embedded.append(asked.rows.tolist())
        return embed(asked)

    monkeypatch.setattr(recogniser, "_embedded", counted)

    def points(*rows):
        chosen = np.array(rows)
        found = recogniser.points(gaits.take(chosen))
        np.testing.assert_allclose(found, whole[chosen], rtol=1e-4, atol=1e-6)
        return embedded.pop()

    # The same row of other gaits is another sequence.
    other = copy.copy(gaits.store)
    other.key = "other"
    recogniser.points(dataclasses.replace(gaits.take(np.array([3, 4])), store=other))
    assert embedded.pop() == [3, 4]
    assert points(3, 1) == [3, 1]
    assert points(1, 4, 3, 0) == [4, 0]
    # Room for three: those asked for last, which are all that was asked for, or the last of it.
    monkeypatch.setattr(aligned, "_REMEMBERED", 3 * whole[0].nbytes)
    assert points(5) == [5]
    assert points(3, 0, 5) == []
    assert points(4, 1) == [4, 1]
    assert points(0, 5) == [0]
    assert points(*range(8)) == [2, 3, 4, 6, 7]
    assert points(7, 5, 6) == []


def test_distances_by_hand():
    left = np.array([[[0, 0], [1, 1]]], np.float32)
    right = np.array([[[3, 4], [1, 2]], [[0, 0], [1, 1]]], np.float32)
    np.testing.assert_allclose(aligned.part_distances(left, right), [[3, 0]])


# Four packs, on one device and on four: batch norm averages over all of them, in the network and in
# the neck. By SGD, since Adam makes large steps of tiny gradients.
_DEVICES = """
import sys

sys.path[:0] = {paths}
import jax, numpy as np
from test_silhouette_sets import config_of
from gait_jax.methods.registry import METHODS
from gait_jax.runtime import parallel

config = config_of("gaitbase", **{{"optimizer.name": "sgd", "optimizer.learning_rate": 0.05}})
method = METHODS["gaitbase"](config)
rng = np.random.default_rng(0)
batches = [
    {{
        "silhouettes": rng.integers(0, 256, (4, 6, 4, 16, 11)).astype(np.uint8),
        "people": np.array([[0, 1, 2], [3, 1, 0], [2, 3, 1], [1, 0, 3]], np.int32),
    }}
    for _ in range(2)
]
found = []
for number in (1, 4):
    devices = jax.devices()[:number]
    state = parallel.to_host(method.init(statistics={{"people": np.int32(4)}}))
    state = parallel.replicate(state, devices)
    step = parallel.parallel_steps(method.train_step)
    for batch in batches:
        state, metrics = step(state, parallel.shard([batch], devices))
    found.append(parallel.to_host((state.ema, metrics)))
assert found[0][1]["violated"] > 0
jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5), *found)
"""


def test_one_device_and_four_give_the_same():
    paths = [str(processes.ROOT / "tests" / name) for name in ("methods", "support")]
    script = _DEVICES.format(paths=paths)
    done = processes.run([sys.executable, "-c", script], env=processes.devices(4))
    assert done.returncode == 0, done.stderr[-2000:]


def test_an_embedding_that_collapses_stops_the_run(casia_a_dir, data_dir, tmp_path):
    config = config_of("gaitset", batch_size=1, train_steps=4, log_every=2, eval_every=2)
    # No distance is as large as ten thousand margins.
    config.checkpoint_every, config.collapsed = 2, 1e4
    config.data.manual_dir, config.data.data_dir = str(casia_a_dir), str(data_dir)
    with pytest.raises(
        trainer.DivergedError, match=r"step 2: the embedding has collapsed: .* nothing was saved"
    ):
        trainer.train_and_evaluate(config, tmp_path / "run", progress=False)


def test_a_trained_run_is_opened_and_recognises(casia_a_dir, data_dir, tmp_path, gaits):
    config = config_of("gaitbase", batch_size=1, train_steps=2, log_every=1, eval_every=2)
    config.checkpoint_every = 2
    config.data.manual_dir, config.data.data_dir = str(casia_a_dir), str(data_dir)
    state = trainer.train_and_evaluate(config, tmp_path / "run", progress=False)
    opened = runs.open_run(tmp_path / "run")
    jax.tree.map(np.testing.assert_array_equal, opened.state.ema, state.ema)
    # Six of ten people are in the group to train on.
    assert int(state.frozen["statistics"]["people"]) == 6
    distances = opened.recogniser().distances(gaits, gaits)
    assert np.isfinite(distances).all() and (distances >= 0).all()
    assert [*(tmp_path / "run" / "samples").glob("*.png")]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("gaitset", {"data.size": 40}, "data.size 40 cannot be used: it must be a multiple of 16"),
        ("gaitset", {"network.parts": (8,)}, "network.parts 8 does not divide the 4 rows"),
        ("gaitbase", {"network.strides": (2, 2, 2, 2)}, "network.parts 4 does not divide the 1"),
        ("gaitpart", {"network.strips": (1, 3, 4)}, "in block 2, .* 8 is not a multiple of 3"),
        ("gaitset", {"network.widths": (4, 4)}, "network.widths .* a list of 3 whole numbers"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(name, changes, message):
    with pytest.raises(InputError, match=message):
        METHODS[name](config_of(name, **changes))


def test_a_pretrained_network_is_begun_with():
    config = config_of("gaitset")
    method = METHODS["gaitset"](config)
    before = METHODS["gaitset"](config_of("gaitset", seed=7, **{"classifier.people": 3})).init()
    run = types.SimpleNamespace(workdir="runs/a", state=before)
    begun = method.init({"pretrained": run})
    for part in (begun.params, begun.ema):
        known = part["network"]["params"] if part is begun.ema else part["network"]
        jax.tree.map(np.testing.assert_array_equal, known, before.ema["network"]["params"])
    # Names are of other people: they are learnt anew.
    own = method.init()
    jax.tree.map(np.testing.assert_array_equal, begun.params["neck"], own.params["neck"])
    other = METHODS["gaitset"](config_of("gaitset", **{"network.widths": (4, 8, 8)})).init()
    with pytest.raises(
        InputError, match=r"^runs/b \(pretrained\) was trained with another network"
    ):
        method.init({"pretrained": types.SimpleNamespace(workdir="runs/b", state=other)})


def test_a_pretraining_has_the_seed_and_the_folders_of_what_follows_it():
    config = load_config("gaitbase", "casia_a,small,pretrain=walkers")
    config.seed, config.data.data_dir, config.data.derived_dir = 5, "d", "e"
    (before,) = METHODS["gaitbase"](config).prerequisites().values()
    assert (before.seed, before.data.data_dir, before.data.derived_dir) == (5, "d", "e")
    assert (before.method, before.data.name, before.data.subjects) == ("gaitbase", "walkers", 64)
    config.pretrained = "runs/a"
    given = METHODS["gaitbase"](config).prerequisites()
    assert given == {"pretrained": pathlib.Path("runs/a")}
    assert METHODS["gaitbase"](config_of("gaitbase")).prerequisites() == {}


def test_more_people_than_there_is_room_for_are_refused(gaits):
    method = METHODS["gaitset"](config_of("gaitset", **{"classifier.people": 3}))
    dataset = types.SimpleNamespace(
        gaits=gaits.store, members=lambda _: sorted(set(gaits.subjects)), description={}
    )
    with pytest.raises(InputError, match=r"classifier.people 3 has no room for the 4 people"):
        method.open_data(dataset, {}, progress=False)


@pytest.mark.parametrize(
    ("name", "steps", "optimizer", "weight"),
    [
        ("gaitset", 80_000, ("adam", 1e-4, ()), 0),
        ("gaitbase", 60_000, ("sgd", 0.1, (20_000, 40_000, 50_000)), 1),
        ("gaitpart", 120_000, ("adam", 1e-4, (100_000,)), 0),
    ],
)
def test_the_published_settings_are_the_default(name, steps, optimizer, weight):
    config = load_config(name, "casia_b")
    data, o = config.data, config.optimizer
    assert (config.train_steps, config.margin, config.classifier.weight) == (steps, 0.2, weight)
    assert (o.name, o.learning_rate, o.decay_steps) == optimizer
    assert o.schedule == ("step" if o.decay_steps else "constant") and o.decay_rate == 0.1
    assert (data.size, data.pack.people, data.pack.sequences, data.frames) == (64, 8, 16, 30)
    assert data.span == (40 if name == "gaitpart" else 0)
    assert aligned.shape_of(data.size) == (64, 44)


def test_the_step_becomes_a_tenth_at_a_milestone():
    changes = {"optimizer.schedule": "step", "optimizer.decay_steps": (2,)}
    changes |= {"optimizer.name": "sgd", "optimizer.momentum": 0.0}
    config = config_of("gaitset", **changes | {"optimizer.learning_rate": 0.5})
    config.optimizer.weight_decay = 0.0
    optimizer = METHODS["gaitset"](config).optimizer
    state, grads = optimizer.init(np.zeros(())), np.ones(())
    steps = []
    for _ in range(4):
        update, state = optimizer.update(grads, state, np.zeros(()))
        steps.append(float(update))
    assert steps == pytest.approx([-0.5, -0.5, -0.05, -0.05])
