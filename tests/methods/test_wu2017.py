import jax
import numpy as np
import pytest
from drawn import load_config
from energy_sets import make_gaits

from gait_jax.data.pairs import PairPacks
from gait_jax.evaluation import scoring
from gait_jax.methods.recognisers.energy import energy_images
from gait_jax.methods.recognisers.wu2017 import Wu2017, normalized
from gait_jax.runtime import parallel
from gait_jax.runtime.errors import InputError

_SIZE = 50


def config_of(**changes):
    config = load_config("wu2017", "casia_a,small")
    config.update_from_flattened_dict(
        {"data.size": _SIZE, "data.pack.people": 3, "data.pack.images": 2, "data.pack.pairs": 8}
        | {"optimizer.learning_rate": 1e-3}
        | changes
    )
    return config


def statistics_of(gaits):
    values = energy_images(gaits, _SIZE) / 255
    return {
        "mean": values.mean(0).astype(np.float32),
        "spread": np.float32((values - values.mean(0)).std()),
    }


@pytest.fixture(scope="module")
def gaits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gaits") / "store"
    return make_gaits(folder, people=4, sequences=3, views=(0,), size=_SIZE)


def run(config, gaits, steps):
    """Trains on one device; returns the state and the steps' metrics."""
    method = Wu2017(config)
    pack = config.data.pack
    images = energy_images(gaits, _SIZE)
    packs = PairPacks(images, gaits.subjects, pack.people, pack.images, pack.pairs)
    step = parallel.parallel_steps(method.train_step)
    state = parallel.to_host(method.init(statistics=statistics_of(gaits)))
    seen = []
    for i in range(steps):
        batch = packs.take(np.array([i % len(packs)]), np.array([i], np.uint32))
        state, metrics = step(state, parallel.shard([batch]))
        seen.append({k: float(v[0]) for k, v in metrics.items()})
    return method, parallel.to_host(state), seen


def test_it_learns_who_is_who_and_then_recognises_them(gaits):
    method, state, seen = run(config_of(), gaits, 40)
    assert np.mean([m["loss"] for m in seen[-5:]]) < 0.4 < 0.6 < seen[0]["loss"]
    assert seen[-1]["restarts"] == 0
    probes, gallery = gaits.take(gaits.numbers == 3), gaits.take(gaits.numbers < 3)
    recogniser = method.recogniser(state)
    assert scoring.score(recogniser, probes, gallery, (1,)).same.mean() == 1.0
    assert scoring.score(recogniser, gaits, gaits, (1,)).same.mean() == 1.0


def test_distances_do_not_depend_on_order_or_company(gaits):
    method, state, _ = run(config_of(), gaits, 2)
    recogniser = method.recogniser(state)
    whole = recogniser.distances(gaits, gaits)
    assert whole.shape == (12, 12)
    # Every pair is judged in both orders.
    np.testing.assert_allclose(whole, whole.T, rtol=1e-3, atol=1e-4)
    part = recogniser.distances(gaits.take(np.array([5])), gaits.take(np.array([7, 2])))
    np.testing.assert_allclose(part, whole[[5]][:, [7, 2]], rtol=1e-3, atol=1e-4)


def test_a_network_on_a_plateau_starts_anew(gaits):
    # A learning rate of nothing leaves it where it is; after every 3 steps it is started anew.
    changes = {"optimizer.learning_rate": 0.0, "plateau.steps": 3, "plateau.loss": 0.01}
    _, state, seen = run(config_of(**changes), gaits, 7)
    assert [m["restarts"] for m in seen] == [0, 0, 1, 1, 1, 2, 2]
    plateau = state.opt["plateau"]
    assert (int(plateau["since_start"]), int(plateau["restarts"]), int(state.step)) == (1, 2, 7)
    first = Wu2017(config_of()).init(statistics=statistics_of(gaits)).params
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(state.params), strict=True):
        assert a.ndim == 1 or not np.allclose(a, b)
    # The same again: a restart is drawn from the seed.
    _, again, _ = run(config_of(**changes), gaits, 7)
    jax.tree.map(np.testing.assert_array_equal, state.params, again.params)


def test_a_network_that_learns_is_left_alone(gaits):
    _, _, seen = run(config_of(**{"plateau.steps": 30, "plateau.loss": 0.65}), gaits, 31)
    assert seen[-1]["restarts"] == 0


def test_it_starts_from_differences(gaits):
    for start, equal in ((True, True), (False, False)):
        params = Wu2017(config_of(start_from_differences=start)).init().params["network"]
        halves = params["params"]["conv3"]
        same = np.array_equal(halves["left"]["kernel"], -halves["right"]["kernel"])
        assert same is equal


def test_the_published_settings_are_the_default():
    config = load_config("wu2017", "casia_b")
    assert (config.network, config.data.size, config.train_steps) == ("mt", 126, 1_200_000)
    # Grey levels less the mean image, Gaussian kernels.
    assert (config.data.standardized, config.initial_spread) == (False, 0.01)
    assert config.batch_size * config.data.pack.pairs == 128
    o = config.optimizer
    assert (o.schedule, o.decay_steps, o.decay_rate) == ("step", (150_000, 900_000), 0.1)
    assert (o.warmup, o.clip_norm) == (0, 0)
    assert (o.name, o.learning_rate, o.momentum, o.weight_decay) == ("sgd", 0.01, 0.9, 5e-4)
    assert config.dropout == 0.5
    # Elsewhere they are asked for, and the small form is the default.
    for data in ("walkers", "casia_a"):
        assert load_config("wu2017", data).data.size == 64
        assert load_config("wu2017", f"{data},published").data.size == 126
    assert load_config("wu2017", "casia_b,small").data.size == 64
    evaluated = load_config("jisa2019", "casia_b,networks=both").recognisers
    assert (evaluated.wu2017.train.network, evaluated.wu2017.train.data.size) == ("mt", 126)
    assert (evaluated.wu2017_lb.train.network, evaluated.wu2017_lb.train.data.size) == ("lb", 126)
    assert load_config("jisa2019", "walkers").recognisers.wu2017.train.data.size == 64


@pytest.mark.parametrize("network", ["lb", "mt"])
def test_the_published_form_starts_and_trains(tmp_path, network):
    size = 126
    gaits = make_gaits(tmp_path / "store", size, people=2, sequences=2, views=(0,))
    config = load_config("wu2017", "casia_b")
    config.network = network
    images = energy_images(gaits, size)
    # As `pair_data` has it where images are grey levels.
    mean = (images / 255).mean(0).astype(np.float32)
    statistics = {"mean": mean, "spread": np.float32(1 / 255)}
    method, pack = Wu2017(config), config.data.pack
    packs = PairPacks(images, gaits.subjects, pack.people, pack.images, pack.pairs)
    step = parallel.parallel_steps(method.train_step)
    first = state = parallel.to_host(method.init(statistics=statistics))
    losses = []
    for i in range(3):
        batch = packs.take(np.array([i]), np.array([i], np.uint32))
        state, metrics = step(state, parallel.shard([batch]))
        losses.append(float(metrics["loss"][0]))
    # A guess, of as many pairs of one person as of two, scores log 2.
    assert losses[0] == pytest.approx(np.log(2), abs=0.2) and max(losses) < 3
    # Every layer learns: no response is so small that nothing is left of its gradient.
    params = parallel.to_host(state).params
    for before, after in zip(jax.tree.leaves(first.params), jax.tree.leaves(params), strict=True):
        assert before.dtype == after.dtype == np.float32
        assert np.abs(after - before).max() > 1e-9


def test_images_are_grey_levels_or_standardized(gaits):
    images = energy_images(gaits, _SIZE)
    known = statistics_of(gaits)
    assert float(np.std(normalized(images, known))) == pytest.approx(1.0, rel=1e-3)
    grey = normalized(images, known | {"spread": np.float32(1 / 255)})
    np.testing.assert_allclose(grey, images - 255 * known["mean"], atol=1e-3)


@pytest.mark.parametrize("network", ["lb", "mt"])
def test_sgd_with_momentum_and_weight_decay_by_hand(gaits, network):
    config = config_of(
        **{"network": network, "optimizer.name": "sgd", "optimizer.learning_rate": 0.1},
        **{"optimizer.weight_decay": 5e-4},
    )
    method = Wu2017(config)
    params = {"w": np.array([1.0], np.float32)}
    state = method.optimizer.init(params)
    grads = {"w": np.array([2.0], np.float32)}
    for expected in (-0.1 * 2.0005, -0.1 * (2.0005 + 0.9 * 2.0005)):
        updates, state = method.optimizer.update(grads, state, params)
        np.testing.assert_allclose(updates["w"], [expected], rtol=1e-6)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"network": "xy"}, "network 'xy' cannot be used: it must be one of lb, mt"),
        (
            {"optimizer.name": "rms"},
            "optimizer.name 'rms' cannot be used: it must be one of sgd, adam",
        ),
        ({"data.size": 40}, "data.size 40 cannot be used: it must be a whole number from 50"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Wu2017(config_of(**changes))
