"""What a paper claims beside what the other evaluators measured."""

from collections.abc import Iterator

import pandas as pd

from gait_jax.evaluation import claims, claims_2019, claims_2020, sections
from gait_jax.evaluation.claims import Roles
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator, Piece
from gait_jax.evaluation.report import Section
from gait_jax.methods import fields
from gait_jax.runtime.errors import InputError

_CLAIMS = {"jisa2019": claims_2019.CLAIMS, "apsipa2020": claims_2020.CLAIMS}


class Claims(Evaluator):
    """Judges a paper's claims by all rows of the evaluation; measures nothing."""

    # The paper, and what is what in it (see `claims.Roles`): names of methods and colourisers,
    # empty where there is none.
    FIELDS = {
        "paper": fields.one_of(*_CLAIMS),
        "ours": fields.text,
        "baseline": fields.text,
        "gaussian": fields.text,
        "sweep": fields.texts,
        "anonymizer": fields.text,
        "contours": fields.text,
    }
    NEEDS = PROTOCOL
    OPENS = True

    def __init__(self, settings, study):
        super().__init__(settings, study)
        named = {name: settings[name] for name in self.FIELDS if name != "paper"}
        self._roles = Roles(**named | {"sweep": tuple(settings.sweep)})
        known = {*study.config.methods, *study.config.get("colourisers", {})}
        for name in self._roles.names():
            if name not in known:
                raise InputError(
                    f"evaluators.claims names {name!r}, which is none of the methods and "
                    f"colourisers: {', '.join(sorted(known))}"
                )

    def pieces(self) -> Iterator[Piece]:
        yield from ()

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        judged = claims.judged(_CLAIMS[self.settings.paper], frame, self._roles)
        labels = self.study.labels | self.study.colouriser_labels
        return [sections.claims(judged, labels, self._roles)]
