import numpy as np

from gait_jax.methods.colourisers.nearest import colourise
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.methods.contracts import Shot


def _scene():
    """A person with a red upper and a green lower half before a wall with a pattern."""
    background = np.random.default_rng(0).integers(100, 120, (60, 120, 3)).astype(np.uint8)
    original = np.zeros((60, 120), np.uint8)
    original[10:50, 20:40] = 1
    frame = background.copy()
    frame[10:30, 20:40] = (200, 0, 0)
    frame[30:50, 20:40] = (0, 200, 0)
    return frame, background, original


def test_who_walks_beside_the_original_gets_its_colours_from_the_same_place_of_the_body():
    frame, background, original = _scene()
    beside = np.roll(original, 35, axis=1)
    result = Placed(colourise)(Shot(frame, original, beside), background)
    expected = background.copy()
    expected[10:30, 55:75] = (200, 0, 0)
    expected[30:50, 55:75] = (0, 200, 0)
    np.testing.assert_array_equal(result, expected)


def test_the_network_sees_the_scene_where_the_person_is_laid():
    """A colouriser that shows what differs from the scene: the person, nothing of the wall."""
    frame, background, original = _scene()
    beside = np.roll(original, 35, axis=1)
    seen = {}

    def look(frame, background, original, anonymized):
        changed = (frame != background).any(axis=2)
        seen.update(changed=changed, original=original > 0, anonymized=anonymized > 0)
        return frame

    Placed(look)(Shot(frame, original, beside), background)
    np.testing.assert_array_equal(seen["changed"], beside > 0)
    np.testing.assert_array_equal(seen["original"], seen["anonymized"])


def test_who_stands_where_the_original_stood_is_coloured_as_ever():
    frame, background, original = _scene()
    near = np.roll(original, 1, axis=1)
    near[:, 42:44] = near[:, 40:41]
    result = Placed(colourise)(Shot(frame, original, near), background)
    np.testing.assert_array_equal(result, colourise(frame, background, original, near))
