"""Whole people from incomplete silhouettes, by hand."""

import numpy as np

from gait_jax.evaluation import incomplete_sections
from gait_jax.evaluation.evaluators.incomplete import shares
from gait_jax.evaluation.rows import Row, to_frame


def _body():
    mask = np.zeros((60, 40), np.uint8)
    mask[5:55, 10:30] = 1
    return mask


def test_each_usable_frame_is_one_whole_person_or_not():
    whole, torn, nobody = _body(), _body(), np.zeros((60, 40), np.uint8)
    torn[25:30] = 0
    assert shares([whole] * 3, [whole, torn, nobody]) == [1.0, 0.0, 0.0]
    # Of a frame without an original nothing is said.
    assert shares([nobody, whole], [whole, whole]) == [1.0]


def test_the_table_sets_both_beside_each_other():
    names = {"metric": "whole_person", "method": "m"}
    rows = [
        Row(setting="incomplete", value=0.5, low=0.4, high=0.6, **names),
        Row(setting="complete", value=1.0, **names),
    ]
    (section,) = incomplete_sections.sections(to_frame(rows), {"m": "M", "n": "N"})
    assert section.blocks[1].frame.to_numpy().tolist() == [
        ["M", "50.0 (40.0 to 60.0)", "100.0 (few people)"],
        ["N", "–", "–"],
    ]
    assert incomplete_sections.sections(to_frame([]), {"m": "M"}) == []
