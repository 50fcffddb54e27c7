import cv2
import jointed
import numpy as np
import pytest

from gait_jax.gait.limbs import JOINTS, Limbs
from gait_jax.methods.colourisers.parts import PartsColouriser
from gait_jax.methods.contracts import Shot

BACKGROUND = np.full((*jointed.SHAPE, 3), jointed.SCENE, np.uint8)


def shot(original, stand_in, frame=0, picture=None):
    """Somebody and who stands in for them, by their limbs."""
    drawn, mask = jointed.drawn(original)
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8))
    drawn = drawn if picture is None else picture
    return Shot(drawn, inner, jointed.drawn(stand_in)[1], original, stand_in, frame)


def coloured(shots, background=BACKGROUND):
    colourise = PartsColouriser()
    known = colourise.remember(None, shots)
    return [colourise(one, background, known) for one in shots]


def share_of(picture, mask, colour):
    """Of a silhouette's pixels, those that have about a colour."""
    near = np.abs(picture.astype(int) - colour).max(axis=2) < 30
    return near[mask > 0].mean()


def test_a_sleeve_is_coloured_from_the_sleeve_wherever_it_hangs():
    here, there = jointed.limbs(arms=10), jointed.limbs(arms=70, at=(110.0, 34.0))
    (result,) = coloured([shot(here, there)])
    picture, mask = jointed.drawn(there)
    # As if they had been painted so; borders between parts are not drawn exactly there.
    inside = cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0
    wrong = np.abs(result.astype(int) - picture).max(axis=2) > 40
    assert wrong[inside].mean() < 0.08
    for name, colour in (
        ("head", jointed.HEAD),
        ("left_wrist", jointed.ARM),
        ("left_ankle", jointed.LEG),
    ):
        x, y = np.rint(there.joint(name)[:2]).astype(int)
        np.testing.assert_allclose(result[y, x], colour, atol=20)


def test_nothing_of_the_scene_is_painted_as_person_and_only_its_rim_is_soft():
    here, there = jointed.limbs(arms=10), jointed.limbs(arms=50, at=(112.0, 34.0))
    wall = np.random.default_rng(0).integers(0, 60, BACKGROUND.shape).astype(np.uint8)
    picture, original = jointed.drawn(here)
    # Where the person is not, the frame shows what nobody wears.
    picture[original == 0] = (255, 255, 0)
    (result,) = coloured([shot(here, there, picture=picture)], wall)
    mask = jointed.drawn(there)[1]
    assert share_of(result, mask, (255, 255, 0)) == 0
    outside = cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0
    np.testing.assert_array_equal(result[outside], wall[outside])


def test_what_the_original_hides_comes_from_other_frames_or_from_the_other_side():
    # The far arm is behind the trunk.
    hidden = jointed.limbs(arms=0, legs=0)
    shown = jointed.limbs(arms=60, legs=0)
    wrist = np.rint(shown.joint("right_wrist")[:2]).astype(int)
    (other_side,) = coloured([shot(hidden, shown)])
    np.testing.assert_allclose(other_side[wrist[1], wrist[0]], jointed.ARM, atol=20)
    # In another frame it is seen, and has another sleeve.
    picture, _ = jointed.drawn(shown)
    beside = np.s_[wrist[1] - 25 : wrist[1] + 12, wrist[0] - 25 : wrist[0] + 12]
    arm = (picture[beside] == jointed.ARM).all(axis=2)
    picture[beside][arm] = (20, 220, 220)
    shots = [shot(hidden, shown), shot(shown, hidden, 1, picture), shot(hidden, shown, 2)]
    other_frame = coloured(shots)[2]
    np.testing.assert_allclose(other_frame[wrist[1], wrist[0]], (20, 220, 220), atol=20)


def test_what_a_silhouette_rarely_holds_is_not_worn():
    limbs = jointed.limbs(arms=20)
    drawn, mask = jointed.drawn(limbs)
    hat = np.zeros_like(mask)
    x, y = np.rint(limbs.joint("head")[:2]).astype(int)
    hat[y - 22 : y, x - 8 : x + 8] = 1
    torn = drawn.copy()
    torn[(hat > 0) & (mask == 0)] = (255, 255, 0)
    # In one frame of six a piece of the wall counts as head.
    shots = [shot(limbs, limbs, i) for i in range(6)]
    shots[2] = Shot(torn, mask | hat, mask | hat, limbs, limbs, 2)
    results = coloured(shots)
    assert share_of(results[2], mask | hat, (255, 255, 0)) == 0


def test_how_the_original_moves_is_in_no_colour():
    stand_in = jointed.limbs(arms=20)
    shots = [
        shot(jointed.limbs(arms=a, legs=a / 2), stand_in, i) for i, a in enumerate((5, 30, 60))
    ]
    first, *rest = coloured(shots)
    for one in rest:
        np.testing.assert_array_equal(one, first)


def test_a_new_light_comes_gradually():
    limbs = jointed.limbs(arms=20)
    picture, mask = jointed.drawn(limbs)
    dark = [shot(limbs, limbs, i, picture // 2) for i in range(4)]
    light = [shot(limbs, limbs, 4 + i, picture) for i in range(4)]
    colourise = PartsColouriser()
    known = colourise.remember(None, dark)
    known = colourise.remember(known, light)
    brightness = [colourise(one, BACKGROUND, known)[mask > 0].mean() for one in light]
    steps = np.diff(brightness)
    assert (steps > 0.5).all() and np.ptp(steps) < 0.5


def test_without_joints_nobody_is_coloured():
    limbs = jointed.limbs()
    known_shot = shot(limbs, limbs)
    picture, mask = jointed.drawn(limbs)
    colourise = PartsColouriser()
    blind = Shot(picture, mask, mask)
    assert colourise.remember(None, [blind]) is None
    assert not colourise.knows(None, known_shot)
    known = colourise.remember(None, [known_shot, blind])
    assert colourise.knows(known, known_shot) and not colourise.knows(known, blind)
    # A frame in which the network saw no joints is coloured by the others.
    assert colourise.knows(known, Shot(picture, mask, mask, None, limbs))


@pytest.mark.parametrize("name", ["left_wrist", "right_ankle"])
def test_a_part_that_was_never_seen_has_some_colour_of_theirs(name):
    limbs = jointed.limbs(arms=40)
    points = limbs.points.copy()
    # Both sides of it lie far outside of the picture.
    points[[j.endswith(name.partition("_")[2]) for j in JOINTS], 0] = 900
    (result,) = coloured([shot(Limbs(points), limbs, picture=jointed.drawn(limbs)[0])])
    x, y = np.rint(limbs.joint(name)[:2]).astype(int)
    worn = (jointed.ARM, jointed.LEG, jointed.TRUNK, jointed.HEAD)
    assert any(np.abs(result[y, x].astype(int) - colour).max() < 60 for colour in worn)
