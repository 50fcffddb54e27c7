"""The frame score: how surely a detector takes who is shown for a person (2019 §4.3)."""

import functools
from typing import Any

import numpy as np

from gait_jax.evaluation.coloured import ColouredClip
from gait_jax.evaluation.evaluators.clip_scores import CLIPS, ClipScores
from gait_jax.evaluation.score_rows import FRAME
from gait_jax.methods import fields
from gait_jax.video import person_score
from gait_jax.video.person_score import PersonScore


class FrameScore(ClipScores):
    """P(person) of every so-manyth frame, where the original or who is shown instead stands."""

    METRIC = FRAME
    FIELDS = {
        **CLIPS,
        "every": fields.whole(),
        "detector": fields.text,
        "side": fields.whole(32, 4096),
        "person": fields.whole(-1),
    }

    def __init__(self, settings, study):
        super().__init__(settings, study)
        # Before anything is computed.
        person_score.identity(settings.detector)

    @functools.cached_property
    def _detector(self) -> PersonScore:
        own = self.settings
        return person_score.build(own.detector, own.side, own.person)

    def judge(self, clip: ColouredClip) -> np.ndarray:
        every = slice(None, None, self.settings.every)
        shown = zip(clip.pictures[every], clip.masks[every], clip.originals[every], strict=True)
        return np.array(
            [
                # Where nobody is shown, the empty scene is looked at where somebody was.
                self._detector(
                    np.ascontiguousarray(picture[..., ::-1]), mask if mask.any() else original
                )
                for picture, mask, original in shown
            ]
        )

    @property
    def judge_key(self) -> list[Any]:
        own = self.settings
        return [person_score.identity(own.detector), own.every, own.side, own.person]

    @property
    def judge_name(self) -> str:
        return person_score.name_of(self.settings.detector)

    @property
    def told(self) -> str:
        return person_score.describe(self.settings.detector)
