"""Whole people from incomplete silhouettes, by hand."""

import types

import numpy as np
import pytest

from configs.papers import apsipa2020
from gait_jax.evaluation import incomplete_sections
from gait_jax.evaluation.evaluators.incomplete import Incomplete, shares
from gait_jax.evaluation.rows import Row, to_frame
from gait_jax.runtime.errors import InputError


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


def test_people_who_were_recorded_have_no_incomplete_silhouettes():
    recorded = types.SimpleNamespace(name="casia_b", description={"synthetic": False})
    study = types.SimpleNamespace(dataset=recorded)
    with pytest.raises(InputError, match="casia_b has no incomplete.*leave evaluators.incomplete"):
        Incomplete(None, study)
    # What is measured there by default asks for none.
    assert "incomplete" in apsipa2020.get_config().evaluators
    assert "incomplete" not in apsipa2020.get_config("data=casia_b").evaluators
