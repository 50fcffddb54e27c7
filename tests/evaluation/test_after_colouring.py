"""Silhouettes that somebody takes from a coloured clip."""

import numpy as np

from gait_jax.data.sequence import GaitSequence
from gait_jax.data.taken import taken_gaits
from gait_jax.evaluation.coloured import ColouredClip
from gait_jax.evaluation.evaluators.after_colouring import seen

_SEQUENCE = GaitSequence("001", "nm", 5, 90, 90, 0, 0)


def _clip(change):
    """A scene of grey, and a block of a body that differs from it in one channel."""
    scene = np.full((60, 40, 3), 100, np.uint8)
    picture = scene.copy()
    picture[5:55, 10:30, 1] += change
    mask = np.zeros((60, 40), np.uint8)
    mask[5:55, 10:30] = 1
    return ColouredClip(_SEQUENCE, [picture, scene], [mask, 0 * mask], [mask, mask], scene)


def test_who_differs_from_the_scene_is_seen():
    clip = _clip(9)
    first, second = seen(clip)
    np.testing.assert_array_equal(first, clip.masks[0])
    assert not second.any()


def test_who_looks_like_the_scene_is_not_seen():
    assert not seen(_clip(8))[0].any()


def test_what_was_taken_is_a_store(tmp_path):
    clip, asked = _clip(50), []

    def take():
        asked.append(1)
        yield clip.sequence, seen(clip)

    for _ in range(2):
        store = taken_gaits(tmp_path / "gaits", take)
    assert asked == [1]
    np.testing.assert_array_equal(store.mask(0), clip.masks[0])
    (sequence,) = store.sequences
    assert (sequence.name, len(sequence)) == ("001-nm-05-090", 2)
    assert store.usable().tolist() == [True, False]
