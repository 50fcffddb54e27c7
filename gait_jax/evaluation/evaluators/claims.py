"""What a paper claims beside what the other evaluators measured."""

from collections.abc import Iterator

import pandas as pd

from gait_jax.evaluation import claims, claims_2019, sections
from gait_jax.evaluation.claims import Roles
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.methods import fields
from gait_jax.runtime.errors import InputError

_CLAIMS = {"jisa2019": claims_2019.CLAIMS}


class Claims(Evaluator):
    """Judges a paper's claims by all rows of the evaluation; measures nothing."""

    # The paper, and which of the evaluation's methods are what in it: what it proposes, the
    # baseline, with a Gaussian seed (empty: none is), and what it proposes in the order of α.
    FIELDS = {
        "paper": fields.one_of(*_CLAIMS),
        "ours": fields.text,
        "baseline": fields.text,
        "gaussian": fields.text,
        "sweep": fields.texts,
    }
    NEEDS = PROTOCOL

    def __init__(self, settings, study):
        super().__init__(settings, study)
        named = (settings.ours, settings.baseline, settings.gaussian)
        self._roles = Roles(*named, tuple(settings.sweep))
        for name in filter(None, (*named, *settings.sweep)):
            if name not in study.config.methods:
                raise InputError(
                    f"evaluators.claims names {name!r}, which is none of the methods: "
                    f"{', '.join(study.config.methods)}"
                )

    def pieces(self) -> Iterator[Piece]:
        yield from ()

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        judged = claims.judged(_CLAIMS[self.settings.paper], frame, self._roles)
        return [sections.claims(judged, self.labels(), self._roles)]
