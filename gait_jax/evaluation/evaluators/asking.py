"""What evaluators share that ask recognisers for people: distances and rows, each kept."""

import dataclasses
import functools
from typing import Any, NamedTuple

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import attack_rows, comparison, verification
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.comparison import Comparison
from gait_jax.evaluation.evaluators.base import PROTOCOL, Evaluator
from gait_jax.evaluation.rows import Row
from gait_jax.methods import fields
from gait_jax.methods.base import Run
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint


class Compared(NamedTuple):
    """A comparison, and what names all that it depends on."""

    key: str
    distances: Comparison


class Asking(Evaluator):
    """Compares probes with a gallery, and says what is found; evaluators share what is kept."""

    FIELDS = {"ranks": fields.wholes(), "links": fields.wholes(fewest=0)}
    NEEDS = PROTOCOL

    # Read once: everything that is measured of a method stands beside it.
    @functools.cache  # noqa: B019, an evaluator lives as long as its evaluation
    def clean(self, name: str) -> Compared:
        """Clean probes of everybody who is enrolled, in the clean gallery.

        Raises:
          InputError: the protocol has no probes or no gallery.
        """
        run = self.study.recogniser(name)
        return self.compared(f"clean-{name}", run, *self.clean_gaits())

    def compared(self, label: str, run: Run, probes: Gaits, gallery: Gaits) -> Compared:
        """Compares, or reads what was compared before."""
        compared = [[gaits.store.key, gaits.rows.tolist()] for gaits in (probes, gallery)]
        links = tuple(self.settings.links)
        key = fingerprint(run.key, compared, list(links), comparison.VERSION)
        found = cached(
            self.study.workdir / "distances" / f"{label}-{key}.safetensors",
            lambda: comparison.compare(run.recogniser(), probes, gallery, links),
            lambda path, found: found.save(path),
            Comparison.load,
        )
        return Compared(key, found)

    def measured(self, found: Compared, clean: Compared, names: dict[str, str]) -> list[Row]:
        """Measures, or reads what was measured before.

        Args:
          found: what was compared.
          clean: the clean probes of the same recogniser (see `clean`).
          names: method, recogniser and attacker of the rows.
        """
        ranks = tuple(self.settings.ranks)
        versions = [verification.VERSION, attack_rows.VERSION]
        key = fingerprint(found.key, clean.key, list(ranks), names, versions)

        def make() -> dict[str, Any]:
            compared = found.distances, clean.distances
            made = attack_rows.attack_rows(*compared, ranks, **names)
            return {"rows": [dataclasses.asdict(row) for row in made]}

        label = "-".join(names.values())
        path = self.study.workdir / "attacks" / f"{label}-{key}.json"
        kept = cached(path, make, records.write_json, records.read_json)
        return read_rows(path, kept)


def read_rows(path, kept: dict[str, Any]) -> list[Row]:
    """The rows that stand in what was kept in a file.

    Raises:
      InputError: it is damaged.
    """
    try:
        return [Row(**values) for values in kept["rows"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is damaged ({reason_of(error)}): remove it, and it is made again"
        ) from None
