"""Stand-ins in place of drawn walks; a reader that is told the truth stands for a trained one."""

import dataclasses

import jax
import ml_collections
import numpy as np
import pytest
from drawn import load_config
from stand_ins import CODE, bar_walk, stand_in, told

from gait_jax import runs
from gait_jax.data.filmed_clips import film
from gait_jax.gait import glimpses
from gait_jax.gait.glimpses import NEITHER
from gait_jax.methods.anonymizers import standing_in
from gait_jax.methods.anonymizers.standing_in import NO_WALK, StandInAnonymizer
from gait_jax.methods.contracts import Seen
from gait_jax.methods.registry import METHODS
from gait_jax.pretrained import MODELS


def test_somebody_else_walks_where_the_original_walked():
    masks = bar_walk()
    made = stand_in()(masks, jax.random.key(3))
    assert not made.problems and made.measures["bits"] > 6
    for before, after in zip(masks, made.masks, strict=True):
        assert after.shape == before.shape and set(np.unique(after)) == {0, 1}
        known, found = glimpses.glimpse(before), glimpses.glimpse(after)
        assert abs(found.height - known.height) < 10
        # Feet are before and behind the middle of the body, and rise.
        assert abs(found.x - known.x) < 12 and abs(found.y - known.y) < 8
    assert made.told.startswith("at most ") and made.told.endswith(" / N")


def test_what_promises_nothing_is_said_to():
    someone = stand_in()
    walk = [someone.glimpse(mask) for mask in bar_walk(12)]
    person = someone.person(walk, jax.random.key(3), 25.0)
    lines = [
        someone.told(dataclasses.replace(person, plan=dataclasses.replace(person.plan, bits=bits)))
        for bits in (3.0, 204.5)
    ]
    assert lines[0].startswith("at most 3.0 bits") and lines[0].endswith("at most 8 / N")
    assert lines[1].endswith("promises nothing") and "/ N" not in lines[1]


def test_the_same_key_gives_the_same_and_another_one_somebody_else():
    masks = bar_walk(12)
    a, b, c = (stand_in()(masks, jax.random.key(k)) for k in (3, 3, 4))
    for one, other in zip(a.masks, b.masks, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(a.masks, c.masks, strict=True):
        assert np.count_nonzero(one != other) > 0.1 * one.sum()


def test_nothing_of_the_outline_comes_over():
    """Two walks of one way whose outlines differ: the result is the same to the pixel."""
    masks = bar_walk(20)
    others = [mask.copy() for mask in masks]
    for mask in others:
        rows, columns = np.nonzero(mask)
        x, y = columns.min(), rows.min()
        # Thinner above and below alike, so that its middle stays.
        mask[y + 10 : y + 60, x : x + 6] = 0
        mask[y + 10 : y + 60, x + 18 : x + 24] = 0
    a, b = (stand_in()(walk, jax.random.key(9)) for walk in (masks, others))
    for one, other in zip(a.masks, b.masks, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_no_walk_is_left_empty():
    made = stand_in(kind=NEITHER)(bar_walk(10), jax.random.key(0))
    assert made.problems == dict.fromkeys(range(10), NO_WALK)
    assert not any(mask.any() for mask in made.masks)


def test_a_window_of_the_picture_shows_the_same_person_as_the_whole():
    masks = bar_walk(8)
    someone = stand_in()
    person = someone.person([someone.glimpse(mask) for mask in masks], jax.random.key(1), 25.0)
    whole = someone.bodies([person] * 8, [Seen(mask, t) for t, mask in enumerate(masks)])
    window = [Seen(mask[20:190, 120:300], t, (120, 20)) for t, mask in enumerate(masks)]
    parts = someone.bodies([person] * 8, window)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a.mask[20:190, 120:300], b.mask)
    # In any order, and one by one.
    last = someone.bodies([person], [Seen(masks[5], 5)])[0]
    np.testing.assert_array_equal(last.mask, whole[5].mask)


def test_who_reaches_beyond_the_window_is_not_whole():
    masks = bar_walk(8)
    someone = stand_in()
    person = someone.person([someone.glimpse(mask) for mask in masks], jax.random.key(1), 25.0)
    (whole,) = someone.bodies([person], [Seen(masks[3], 3)])
    assert someone.is_whole(whole.mask, masks[3])
    rows, columns = (np.flatnonzero(whole.mask.any(axis=axis)) for axis in (1, 0))
    for top, left in ((0, (columns[0] + columns[-1]) // 2), (rows[0] + 9, 0)):
        (cut,) = someone.bodies([person], [Seen(masks[3][top:, left:], 3, (int(left), int(top)))])
        assert cut.mask.any() and not someone.is_whole(cut.mask, masks[3])
    assert not someone.is_whole(np.zeros((9, 9), np.uint8), masks[3])


@pytest.mark.parametrize("rate", [8.0, 25.0, 60.0])
def test_a_walk_of_any_rate_is_read_at_the_readers(rate, monkeypatch):
    monkeypatch.setattr(standing_in, "_CHUNK", 16)
    asked = []

    def apply(walk):
        asked.append({name: array.copy() for name, array in walk.items()})
        return told()(walk)

    someone = StandInAnonymizer(apply, 4, ml_collections.ConfigDict(CODE))
    someone.compile()
    ahead = {name: (array.shape, array.dtype) for name, array in asked.pop().items()}
    frames = round(2 * rate)
    masks = bar_walk(frames, step=0)
    walk = [someone.glimpse(mask) for mask in masks]
    person = someone.person(walk, jax.random.key(0), rate)
    assert len(person.plan.walk) == frames
    # Two seconds are fifty of its frames, in chunks of sixteen with four more at both ends.
    assert len(asked) == 4 and {part["seen"].shape for part in asked} == {(1, 24)}
    assert sum(part["seen"][0, 4:-4].sum() for part in asked) == 50
    # What was compiled ahead is what is asked.
    for part in asked:
        assert {name: (array.shape, array.dtype) for name, array in part.items()} == ahead


def test_chunks_leave_no_seam():
    """The network itself, untrained: what it reads does not depend on how a walk is cut."""
    config = load_config("stand_in", "")
    method = METHODS["stand_in"](config)
    state = method.init()
    clip = film(0, 0, 40)
    seen = [glimpses.glimpse(m, tuple(c)) if m.any() else None
            for m, c in zip(clip.masks, clip.corners, strict=True)]  # fmt: skip
    read = {}
    for chunk in (7, 128):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(standing_in, "_CHUNK", chunk)
            read[chunk] = method.anonymizer(state)._read(seen, 25.0)
    for name in ("phase", "azimuth", "elevation", "speed", "kind"):
        a, b = (getattr(read[chunk], name) for chunk in (7, 128))
        np.testing.assert_allclose(a, b, atol=2e-4)


def test_it_learns_from_made_clips(tmp_path):
    config = load_config("stand_in", "")
    config.update_from_flattened_dict(
        {
            "data.data_dir": str(tmp_path),
            "data.clips": 6,
            "data.held_out": 4,
            "data.frames": 16,
            "network.widths": (4, 4, 8),
            "network.features": 8,
            "batch_size": 2,
        }
    )
    method = METHODS["stand_in"](config)
    data = method.open_data(None, {}, False)
    state, batch = method.init(), data.train.take(np.arange(4), np.arange(4, dtype=np.uint32))
    first = method.evaluate(state, batch)
    step = jax.pmap(method.train_step, "devices", in_axes=(None, 0), out_axes=(None, None))
    for _ in range(12):
        state, metrics = step(state, jax.tree.map(lambda x: x[None], batch))
    assert float(metrics["loss"]) < float(first["loss"])
    assert method.picture(batch, jax.tree.map(np.asarray, method.samples(state, batch))).any()


@pytest.fixture(scope="module")
def shipped():
    return runs.open_run(MODELS["stand_in"]).anonymizer()


def test_the_shipped_model_reads_people_whom_it_has_not_seen(shipped):
    views, phases, called = [], [], []
    for index in range(40):
        clip = film(12345, index, 48)
        seen = [glimpses.glimpse(m, tuple(c)) if m.any() else None
                for m, c in zip(clip.masks, clip.corners, strict=True)]  # fmt: skip
        read = shipped._read(seen, 25.0)
        known = (read.seen > 0) & (clip.kind != NEITHER)
        called.append(read.kind[known].argmax(-1) != NEITHER)
        found = np.degrees(np.arctan2(read.azimuth[:, 1], read.azimuth[:, 0]))
        views.append(np.abs((found - clip.azimuth + 180) % 360 - 180)[known])
        half = np.arctan2(read.phase[:, 1], read.phase[:, 0]) / (4 * np.pi)
        off = np.abs((half - clip.phase + 0.25) % 0.5 - 0.25)
        phases.append(off[known & clip.stepping])
    assert np.median(np.concatenate(phases)) < 0.02
    assert np.median(np.concatenate(views)) < 6
    # Frame by frame, torn ones and those seen from above, too.
    assert np.mean(np.concatenate(views) <= 18) > 0.8
    assert np.mean(np.concatenate(called)) > 0.97


def test_it_says_where_joints_and_feet_of_the_stand_in_are():
    someone, masks = stand_in(), bar_walk(12)
    seen = [Seen(mask, i) for i, mask in enumerate(masks)]
    person = someone.person([someone.glimpse(mask) for mask in masks], jax.random.key(3), 25.0)
    moved = [dataclasses.replace(one, corner=(7, 3)) for one in seen]
    here, there = (someone.bodies([person] * 12, given) for given in (seen, moved))
    for one, other in zip(here, there, strict=True):
        x, y = one.limbs.points[:, :2].astype(int).T
        assert (one.mask[y, x] > 0).mean() > 0.8
        rows = np.nonzero(one.mask.any(axis=1))[0]
        tall = rows[-1] - rows[0]
        assert rows[0] < one.limbs.joint("head")[1] < rows[0] + 0.2 * tall
        for side in ("left", "right"):
            assert one.limbs.joint(f"{side}_ankle")[1] > rows[0] + 0.7 * tall
        assert abs(one.feet.corners[..., 1].max() - rows[-1]) < 0.1 * tall
        assert one.feet.stature == pytest.approx(tall, rel=0.15)
        # They are pixels of what was given to it.
        step = other.limbs.points - one.limbs.points
        np.testing.assert_allclose(step, np.tile([-7, -3, 0], (len(step), 1)), atol=1e-3)
