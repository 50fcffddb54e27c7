import jax
import numpy as np
import pytest
from drawn import draw_person

from gait_jax.gait import silhouette
from gait_jax.methods.contracts import (
    UNREADABLE,
    AnonymizedBody,
    Anonymizer,
)


class _Wider(Anonymizer):
    """Makes people wider by as many columns as were drawn; cannot do those of 61 rows and more."""

    def __init__(self):
        self.drawn, self.asked = [], []

    def glimpse(self, mask, corner=(0, 0)):
        return mask.copy()

    def person(self, glimpses, key, rate):
        self.drawn.append((list(glimpses), key, rate))
        return int(jax.random.randint(key, (), 1, 6))

    def bodies(self, people, seen):
        masks = [one.mask for one in seen]
        self.asked.append((list(people), [mask.copy() for mask in masks]))
        return [self._body(*one) for one in zip(people, masks, strict=True)]

    def _body(self, columns, mask):
        if np.any(mask, axis=1).sum() > 60:
            # What it gives beside a problem must not come out.
            return AnonymizedBody(mask, "too tall", {"columns": 1000.0})
        wide = mask | np.roll(mask, columns, axis=1)
        return AnonymizedBody(wide, None, {"columns": columns, "pixels": float(wide.sum())})


def _person(phase=0.3, x=50, tall=50):
    return draw_person(phase, x, tall) // 255


_EMPTY = np.zeros((96, 140), np.uint8)


def test_each_frame_is_anonymised_in_its_place_with_one_draw():
    anonymizer, key = _Wider(), jax.random.key(3)
    small = np.pad(_person()[5:80, 20:90], 2)
    masks = [_person(0.3), _person(0.9), small]
    result = anonymizer(masks, key)
    columns = int(jax.random.randint(key, (), 1, 6))
    assert not result.problems
    for mask, made in zip(masks, result.masks, strict=True):
        clean = silhouette.clean(mask)
        np.testing.assert_array_equal(made, clean | np.roll(clean, columns, axis=1))
    # One draw, from all frames at once, and the same person in each of them.
    ((known, drawn_key, rate),) = anonymizer.drawn
    assert len(known) == 3 and drawn_key is key and rate == 25
    (people, asked) = anonymizer.asked[0]
    assert len(anonymizer.asked) == 1 and people == [columns] * 3
    for a, b in zip(known, asked, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_the_anonymiser_sees_is_cleaned():
    speckled = _person()
    speckled[90, 130] = 1
    anonymizer = _Wider()
    result = anonymizer([speckled], jax.random.key(0))
    np.testing.assert_array_equal(anonymizer.asked[0][1][0], silhouette.clean(speckled))
    assert not anonymizer.asked[0][1][0][90, 130] and not result.masks[0][90, 130]


def test_frames_that_cannot_be_anonymised_are_empty_and_say_why():
    cut = np.zeros_like(_EMPTY)
    cut[:, :70] = np.roll(_person(x=30), -30, axis=1)[:, :70]
    small = np.pad(_person()[10:30], ((0, 76), (0, 0)))
    masks = [_person(), None, _EMPTY, _person(tall=70), small, cut, _person(0.9)]
    anonymizer = _Wider()
    result = anonymizer(masks, jax.random.key(0))
    assert list(result.problems.items()) == [
        (1, UNREADABLE),
        (2, silhouette.NO_PERSON),
        (3, "too tall"),
        (4, silhouette.TOO_SMALL),
        (5, silhouette.CUT_OFF),
    ]
    # Neither the original is in them, nor what came beside a problem.
    assert [mask.any() for mask in result.masks] == [True] + [False] * 5 + [True]
    # As many as were given, of the same sizes.
    shapes = [(0, 0) if mask is None else mask.shape for mask in masks]
    assert [mask.shape for mask in result.masks] == shapes
    # Only whole people were handed on.
    assert len(anonymizer.asked[0][1]) == 3
    # And glanced at, each in its place.
    known = [i for i, mask in enumerate(anonymizer.drawn[0][0]) if mask is not None]
    assert len(anonymizer.drawn[0][0]) == len(masks) and known == [0, 3, 6]


@pytest.mark.parametrize("masks", [[], [None], [None, _EMPTY, np.ones((3, 3), np.uint8)]])
def test_without_a_person_nobody_is_asked(masks):
    anonymizer = _Wider()
    result = anonymizer(masks, jax.random.key(0))
    assert not anonymizer.drawn and not anonymizer.asked
    assert len(result.masks) == len(result.problems) == len(masks) and result.measures == {}
    assert not any(mask.any() for mask in result.masks)


def test_what_was_given_is_left_as_it_is():
    masks = [_person(), _EMPTY.copy(), _person(tall=70)]
    before = [mask.copy() for mask in masks]
    result = _Wider()(masks, jax.random.key(0))
    for mask in result.masks:
        mask[:] = 1
    for a, b in zip(masks, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_answer_for_another_number_of_frames_is_an_error():
    class Forgets(_Wider):
        def bodies(self, people, seen):
            return super().bodies(people, seen)[:-1]

    with pytest.raises(ValueError, match="zip"):
        Forgets()([_person(), _person(0.9)], jax.random.key(0))


def test_measures_are_means_over_what_could_be_anonymised():
    result = _Wider()([_person(0.3), _person(tall=70), _person(0.9)], jax.random.key(0))
    columns = int(jax.random.randint(jax.random.key(0), (), 1, 6))
    pixels = [mask.sum() for mask in result.masks if mask.any()]
    assert len(pixels) == 2 and pixels[0] != pixels[1]
    assert result.measures == {"columns": columns, "pixels": pytest.approx(np.mean(pixels))}
