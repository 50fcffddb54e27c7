"""What the benchmark of situations films and counts."""

import sys

import numpy as np
import pytest
from drawn import ROOT

from gait_jax.video.clip import Clip

_BENCHMARKS = ROOT / "benchmarks"
_GREY, _BRIGHT = 100, 200


@pytest.fixture(scope="module", autouse=True)
def benchmarks():
    """Lets modules of the folder be imported: they are scripts, no package."""
    sys.path.insert(0, str(_BENCHMARKS))
    yield
    sys.path.remove(str(_BENCHMARKS))


@pytest.fixture(scope="module")
def filmed():
    import filming

    # One crosses before another, who walks the other way.
    walks = (filming.Walk((-0.35, 0.6), 180), filming.Walk((-0.4, 0.0), carries="bag"))
    take = filming.Take(walks, tall=90, size=(160, 120), frames=4, rate=5, noise=1.0, sun=40)
    return take, filming.film(take, np.random.default_rng(3))


def _flat(value=_GREY, shape=(40, 60)):
    return np.full((*shape, 3), value, np.uint8)


def _box(top, left, height, width, shape=(40, 60)):
    mask = np.zeros(shape, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def _showing(mask, value=_BRIGHT, scene=None):
    picture = _flat() if scene is None else scene.copy()
    picture[mask] = value
    return picture


def test_a_film_knows_who_is_where(filmed):
    _, film = filmed
    assert film.frames.shape == film.empty.shape == (4, 120, 160, 3)
    assert film.visible.shape == (2, 4, 120, 160)
    # A pixel shows one person.
    assert not film.visible.all(axis=0).any()
    apart = np.abs(film.frames.astype(int) - film.empty).max(axis=-1)
    people = film.visible.any(axis=0)
    # People differ from the empty place, which differs from the film nowhere else but in shadows.
    assert np.median(apart[people]) > 20 and np.median(apart[~people]) < 5
    # 90 pixels for 1.75 m: all are between 1.4 and 2.1 m.
    near = film.visible[1].any(axis=2)
    assert all(72 < np.ptp(np.flatnonzero(rows)) < 108 for rows in near)


def test_who_is_nearer_hides_who_is_farther(filmed):
    _, film = filmed
    middles = [np.array([np.nonzero(mask)[1].mean() for mask in masks]) for masks in film.visible]
    # One goes to the left, one to the right, and they start nearly at one place.
    assert (np.diff(middles[0]) < 0).all() and (np.diff(middles[1]) > 0).all()
    sizes = film.visible.sum(axis=(2, 3))
    assert sizes[0, 0] < 0.75 * sizes[0, -1] and film.whole[1].all()


def test_who_leaves_the_picture_is_not_whole():
    import filming

    take = filming.Take((filming.Walk((-1.6, 0.0)),), tall=90, size=(160, 120), frames=3, rate=2)
    film = filming.film(take, np.random.default_rng(0))
    # The picture's edge lies 1.56 m from its middle: they enter.
    assert film.whole[0].tolist() == [False, True, True]


def test_a_turned_camera_and_a_lamp_change_what_is_behind():
    import filming

    settings = {"tall": 60, "size": (96, 64), "frames": 4, "noise": 0.0}
    turned = filming.film(filming.Take((), pan=3.0, **settings), np.random.default_rng(1))
    assert (turned.frames == turned.empty).all() and turned.visible.shape == (0, 4, 64, 96)
    # What is at column 40 of a frame is at column 37 of the next.
    assert (turned.empty[1][:, 5:60] == turned.empty[0][:, 8:63]).all()
    lamp = filming.film(filming.Take((), light="lamp", **settings), np.random.default_rng(1))
    lit, dark = lamp.empty[1].astype(float).mean(), lamp.empty[2].astype(float).mean()
    assert dark / lit == pytest.approx(0.68, abs=0.02)


def test_a_film_is_written_as_it_is(filmed, tmp_path):
    import situations

    take, film = filmed
    situations.write(tmp_path / "clip.mp4", film.frames, take.rate, take.crf)
    clip = Clip.open(tmp_path / "clip.mp4")
    read = situations.read(tmp_path / "clip.mp4")
    assert clip.rate == take.rate and read.shape == film.frames.shape
    assert np.abs(read.astype(int) - film.frames).mean() < 6


def test_every_situation_can_be_filmed():
    import filming
    from situation_list import SITUATIONS

    assert len(SITUATIONS) >= 30
    for name, take in SITUATIONS.items():
        assert 40 <= take.frames <= 80 and all(side % 2 == 0 for side in take.size), name
        # As the list says them, no word is without meaning.
        assert take.light in filming.LIGHTS and set(take.props) <= filming.PROPS.keys(), name


def test_what_is_left_is_what_nobody_painted_over():
    from situation_counts import left, painted

    person = _box(10, 10, 20, 10)
    source, scene = _showing(person), _flat()
    # The person in the result's scene: nothing is painted, and all of them is left.
    body = painted(source, source, 10)
    assert left(source, source, _flat(), body, person, 10) == 1
    # Painted out: nothing is.
    assert left(source, scene, _flat(), painted(scene, scene, 10), person, 10) == 0
    # A quarter of them is in the scene, and somebody else is painted beside it.
    quarter = _box(10, 10, 5, 10)
    result = _showing(_box(20, 12, 10, 8), 30, _showing(quarter))
    body = painted(result, _showing(quarter), 10)
    assert left(source, result, _flat(), body, person, 10) == 0.25
    # Where they look like the place nobody sees them.
    assert left(_showing(person, 115), _showing(person, 115), _flat(), body, person, 10) == 0


def test_fine_lines_that_compression_took_away_are_nobody():
    from situation_counts import painted

    scene, person = _flat(80), _box(10, 10, 20, 10)
    scene[::2] = 120
    assert not painted(_flat(), scene, 10).any()
    # All of a body but, where lines and soft edges are not told apart, the rim.
    body = painted(_showing(person), scene, 10)
    assert not body[~_box(9, 9, 22, 12)].any() and body[_box(11, 11, 18, 8)].all()


def test_somebody_stands_where_a_third_is_painted_nearby():
    from situation_counts import stands

    two = np.stack([_box(5, 8, 30, 9), _box(5, 40, 30, 9)])
    # 90 of 270 pixels, beside the first; the middle between both is column 28.5.
    assert stands(_box(5, 17, 30, 3), two) == [True, False]
    assert stands(_box(6, 17, 29, 3), two) == [False, False]
    # Twelve pixels from the middle at most, 0.4 of the height.
    assert stands(_box(5, 25, 30, 3), two) == [False, False]
    assert stands(two.any(axis=0), np.stack([two[0], np.zeros_like(two[1])])) == [True, False]


def test_outlines_are_compared_within_a_pixel():
    from situation_counts import kept_outline

    # 20 × 10 pixels have 56 at their border.
    mask = _box(10, 10, 20, 10)
    assert kept_outline(mask, mask) == kept_outline(_box(10, 11, 20, 10), mask) == 1
    assert kept_outline(_box(10, 40, 20, 10), mask) == 0
    # Five pixels to the right: six above and below, and the next one to each at the right side.
    assert kept_outline(_box(10, 15, 20, 10), mask) == 14 / 56


def test_ghosts_are_who_stands_in_the_scene():
    from situation_counts import ghost

    masks = np.stack([_box(10, 10, 20, 10), _box(10, 15, 20, 10)])
    frames = np.stack([_showing(mask) for mask in masks])
    # The place becomes darker, and the scene is in the second frame's light.
    empty = np.stack([_flat(), _flat(70)])
    assert ghost(np.stack([_flat(70)] * 2), frames, empty, masks, 10) == 0
    scene = _showing(_box(10, 15, 10, 5), scene=_flat(70))
    assert ghost(np.stack([scene] * 2), frames, empty, masks, 10) == 0.25
    # A camera moves: each frame's scene is compared with what that frame would show.
    empty = np.stack([_flat(), _flat()])
    assert ghost(np.stack([_flat(), _showing(masks[0])]), frames, empty, masks, 10) == 0.5
    assert ghost(np.stack([_flat(), frames[1]]), frames, empty, masks, 10) == 1


def test_found_people_are_true_ones_or_nobody():
    from situation_counts import Sight, listed, whose

    visible = np.stack([[_box(5, 5, 10, 10)] * 2, [_box(5, 30, 10, 10)] * 2])
    # Number 4 passes from one to the other, 5 overlaps somebody by two fifths.
    seen = [
        [Sight(4, _box(5, 5, 10, 10)), Sight(5, _box(5, 36, 10, 10))],
        [Sight(4, _box(5, 30, 10, 5)), Sight(5, _box(20, 45, 10, 10))],
    ]
    assert whose(seen, visible) == {4: {0, 1}, 5: set()}
    assert listed({"hidden": {"lost": [[3, 5]], "small": [[5, 6], [9, 9]]}}) == {3, 4, 5, 6, 9}


def test_a_clip_is_counted():
    from filming import Filmed
    from situation_counts import Sight, changes, count

    mask, shape = _box(5, 20, 30, 10), (40, 60)
    visible = np.stack([mask] * 5)[None]
    frames, empty = np.stack([_showing(mask)] * 5), np.stack([_flat()] * 5)
    truth = Filmed(frames, empty, visible, np.array([[True, True, True, True, False]]))
    # Somebody stands there, twice; nobody, unsaid; they as they were in the result, unsaid; nobody.
    other = _showing(_box(5, 22, 30, 10), 30)
    result = np.stack([other, other, _flat(), _flat(), _flat()])
    seen = [[Sight(1, mask)]] * 3 + [[], [Sight(2, _box(0, 0, 4, 4, shape))]]
    people = {1: {"hidden": {"lost": [[2, 2]]}}, 2: {"hidden": {}}}
    found = count(frames, result, empty, truth, seen, people, 10)
    assert found["whole"] == 4 and found["shown"] == 0.5 and found["blinks"] == 25
    assert found["unsaid"] == 1 and found["unlisted"] == 0
    assert found["found"] == 0.75 and found["iou"] == 1
    assert (found["people"], found["people_true"], found["false_people"]) == (2, 1, 1)
    assert found["ghosts"] == 0
    # The same where the result's scene shows them: a whole person in every frame but the listed.
    found = count(frames, frames, frames, truth, seen, people, 10)
    assert found["left_frames"] == [[0, 1, 3, 4]] and found["unlisted"] == 4
    assert found["ghosts"] == found["left_worst"] == 1 and found["shown"] == 0
    assert changes([True, False, False, True]) == 2 and changes([]) == 0


def test_a_table_says_what_was_refused():
    from situations import table

    row = {"situation": "pan", "refused": "the camera moves"}
    lines = table([row]).splitlines()
    assert lines[2].startswith("| pan | refused: the camera moves |")
    assert len({line.count("|") for line in lines}) == 1


def test_a_situation_that_is_not_there_is_refused_with_all_that_are():
    from situations import chosen

    assert list(chosen("towards,side")) == ["towards", "side"] and len(chosen(None)) >= 30
    with pytest.raises(SystemExit, match=r"no situation nowhere; there are side, oblique, "):
        chosen("side,nowhere")
