"""The video score: how surely somebody who watches a clip takes it for walking (2019 §4.3)."""

import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from gait_jax.evaluation.coloured import ColouredClip
from gait_jax.evaluation.evaluators.base import RUN, Piece
from gait_jax.evaluation.evaluators.clip_scores import CLIPS, ClipScores
from gait_jax.evaluation.score_rows import VIDEO
from gait_jax.methods import fields
from gait_jax.methods.base import Run
from gait_jax.methods.fields import Check
from gait_jax.methods.looking_on import Onlooker
from gait_jax.video import onnx_network
from gait_jax.video.onnx_network import OnnxNetwork
from gait_jax.video.onnx_onlooker import OnnxOnlooker

_ONNX = "onnx:"


def _numbers(least: float) -> Check:
    each = fields.number(least)
    return Check(
        f"a list of three numbers from {least:g}",
        lambda value: (
            isinstance(value, (list, tuple)) and len(value) == 3 and all(map(each.allows, value))
        ),
    )


class VideoScore(ClipScores):
    """P(walking) of each clip, to an onlooker that is trained here or given."""

    METRIC = VIDEO
    FIELDS = {
        **CLIPS,
        **fields.below("onlooker", RUN),
        "onnx.classes": fields.wholes(least=0, fewest=0),
        "onnx.mean": _numbers(0),
        "onnx.deviation": _numbers(1e-6),
        "onnx.reach": fields.number(1, 10),
    }

    def __init__(self, settings, study):
        super().__init__(settings, study)
        if self._file is not None:
            # Before anything is computed.
            onnx_network.digest(self._file)

    @property
    def _file(self) -> pathlib.Path | None:
        """The ONNX network that is given; None where the onlooker is a run."""
        given = self.settings.onlooker.checkpoint
        return pathlib.Path(given.removeprefix(_ONNX)) if given.startswith(_ONNX) else None

    def awaited(self) -> Iterator[Piece]:
        if self.settings.walks and self._file is None:
            yield self._trained

    def _trained(self) -> tuple[()]:
        """Trains the onlooker, unless it is trained."""
        _ = self._run
        return ()

    @functools.cached_property
    def _run(self) -> Run:
        folder = self.study.workdir / "onlookers" / "video_score"
        return self.study.trained(self.settings.onlooker, folder, {})

    @functools.cached_property
    def _onlooker(self) -> Onlooker:
        if self._file is None:
            return self._run.onlooker()
        own = self.settings.onnx
        return OnnxOnlooker(
            OnnxNetwork(self._file), own.classes, own.mean, own.deviation, own.reach
        )

    def judge(self, clip: ColouredClip) -> np.ndarray:
        return np.array([self._onlooker(clip.pictures, clip.masks)])

    @property
    def judge_key(self) -> list[Any]:
        if self._file is None:
            return [self._run.key]
        return [onnx_network.digest(self._file), self.settings.onnx.to_dict()]

    @property
    def judge_name(self) -> str:
        return self._run.config.method if self._file is None else self._file.name

    @property
    def told(self) -> str:
        return self._onlooker.learned_from
