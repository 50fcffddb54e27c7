"""Whether gaits look like gaits of people, to somebody who knows what these look like."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gait_jax.data.gait_store import GaitStore
from gait_jax.data.silhouette_windows import Windows, open_windows
from gait_jax.evaluation import distributions, realism, realism_sections, two_sample
from gait_jax.evaluation.cache import cached
from gait_jax.evaluation.evaluators.base import PROTOCOL, RUN, Evaluator, Piece
from gait_jax.evaluation.realism import Paired
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import CLEAN, Row
from gait_jax.methods import fields
from gait_jax.methods.base import Run
from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from gait_jax.runtime.keys import stream_seed


class _Kind(NamedTuple):
    """Windows that somebody is to tell from others."""

    store: GaitStore
    starts: np.ndarray
    people: np.ndarray
    chosen: np.ndarray

    def opened(self, progress: bool) -> Windows:
        return open_windows(
            self.store,
            self.starts[self.chosen],
            two_sample.FRAMES,
            two_sample.SHAPE,
            progress,
        )


class Realism(Evaluator):
    """Measures how far anonymised gaits lie from real ones, and who can tell them apart."""

    FIELDS = {
        "halvings": fields.whole(1, 1000),
        "steps": fields.whole(),
        **fields.below("embedding", RUN),
    }
    NEEDS = PROTOCOL

    def pieces(self) -> Iterator[Piece]:
        yield self._real_distances
        yield self._real_judge
        yield self._one_walk_judge
        for method in self.study.config.methods:
            yield functools.partial(self._distances, method)
            yield functools.partial(self._judge, method)

    @functools.cached_property
    def _embedding(self) -> Run:
        settings = self.settings.embedding
        return self.study.taught(settings, self.study.workdir / "embeddings" / "realism")

    @property
    def _originals(self) -> GaitStore:
        return self.study.dataset.gaits

    def _paired(self, made: GaitStore, frames: int) -> Paired:
        originals = self._originals
        wanted = self.study.tested if made is originals else None
        found = realism.paired(originals, made, frames, wanted)
        if len(np.unique(found.people)) < 2:
            raise InputError(
                f"protocol {self.study.config.protocol}: fewer than two people have {frames} "
                "usable frames in a row to be compared; choose another protocol, or leave "
                "evaluators.realism out"
            )
        return found

    def _kept(self, label: str, key: list[Any], make) -> list[Row]:
        """Measures, or reads what was measured before."""
        known = [self._originals.key, self.study.tested, self.study.config.seed, realism.VERSION]
        path: pathlib.Path = self.study.workdir / "realism"
        path /= f"{label}-{fingerprint(*known, *key)}.json"

        def rows() -> dict[str, Any]:
            return {"rows": [dataclasses.asdict(row) for row in make()]}

        kept = cached(path, rows, records.write_json, records.read_json)
        try:
            return [Row(**values) for values in kept["rows"]]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path} is damaged ({reason_of(error)}): remove it, and it is made again"
            ) from None

    @property
    def _drawn(self) -> tuple[int, int]:
        """How often people are halved, and the seed of it."""
        return self.settings.halvings, stream_seed(self.study.config.seed, "halves")

    def _real_distances(self) -> list[Row]:
        run = self._embedding

        def make() -> Iterator[Row]:
            embedder = run.embedder()
            pairs = self._paired(self._originals, embedder.frames)
            points = embedder.embed(self._originals, pairs.clean)
            for name, clean in zip(("frame", "window"), points, strict=True):
                real = realism.of_made(clean, clean, pairs.people, *self._drawn)
                yield from _distance_rows(name, real, CLEAN)
                one = realism.of_one_walk(
                    clean, pairs.people, pairs.walks, pairs.views, *self._drawn
                )
                if one is not None:
                    yield from _distance_rows(name, one, CLEAN, realism_sections.ONE_WALK)

        return self._kept("real-distances", [run.key, self.settings.halvings], make)

    def _distances(self, method: str) -> list[Row]:
        run, store = self._embedding, self.study.anonymized_store(method)

        def make() -> Iterator[Row]:
            embedder = run.embedder()
            pairs = self._paired(store, embedder.frames)
            clean = embedder.embed(self._originals, pairs.clean)
            made = embedder.embed(store, pairs.made)
            for name, *points in zip(("frame", "window"), clean, made, strict=True):
                found = realism.of_made(*points, pairs.people, *self._drawn)
                yield from _distance_rows(name, found, method)

        key = [run.key, store.key, self.settings.halvings]
        return self._kept(f"{method}-distances", key, make)

    def _real_judge(self) -> list[Row]:
        def make() -> Iterator[Row]:
            pairs = self._paired(self._originals, two_sample.FRAMES)
            # Which kind a walk is of has been drawn: there is nothing to learn.
            rng = np.random.default_rng(stream_seed(self.study.config.seed, "kinds"))
            mine = realism.one_of_two_walks(pairs, rng)
            kinds = [_Kind(self._originals, pairs.clean, pairs.people, x) for x in (mine, ~mine)]
            yield self._judged(lambda learners: kinds, pairs, CLEAN)

        return self._kept("real-judge", [self.settings.steps], make)

    def _one_walk_judge(self) -> list[Row]:
        def make() -> Iterator[Row]:
            pairs = self._paired(self._originals, two_sample.FRAMES)
            first = realism.first_walks(pairs)

            def kinds(learners: np.ndarray) -> list[_Kind]:
                # Learns of one person's walk, and is asked about everybody else's in turn.
                taken = first & ~np.isin(pairs.people, learners[1:])
                chosen = np.ones(len(pairs), bool), taken
                return [_Kind(self._originals, pairs.clean, pairs.people, x) for x in chosen]

            yield self._judged(kinds, pairs, CLEAN, realism_sections.ONE_WALK)

        return self._kept("one-walk-judge", [self.settings.steps], make)

    def _judge(self, method: str) -> list[Row]:
        store = self.study.anonymized_store(method)

        def make() -> Iterator[Row]:
            pairs = self._paired(store, two_sample.FRAMES)
            every = np.ones(len(pairs), bool)
            kinds = [
                _Kind(self._originals, pairs.clean, pairs.people, every),
                _Kind(store, pairs.made, pairs.people, every),
            ]
            yield self._judged(lambda learners: kinds, pairs, method)

        return self._kept(f"{method}-judge", [store.key, self.settings.steps], make)

    def _judged(
        self,
        kinds: Callable[[np.ndarray], list[_Kind]],
        pairs: Paired,
        method: str,
        setting: str = "",
    ) -> Row:
        """Of judges who learned from one half of the people each and judge the other half."""
        seed = stream_seed(self.study.config.seed, "judges")
        order = np.random.default_rng(seed).permutation(np.unique(pairs.people))
        half, judged = len(order) // 2, []
        for learners in (order[:half], order[half:]):
            known = kinds(learners)
            opened = tuple(kind.opened(self.study.progress) for kind in known)
            people = tuple(kind.people[kind.chosen] for kind in known)
            judged.append(
                two_sample.judge(
                    opened, people, learners, self.settings.steps, self.study.config.seed
                )
            )
        area = distributions.area(judged, seed)
        return Row(
            method=method,
            setting=setting,
            metric="auc",
            value=area.value,
            low=area.low,
            high=area.high,
            n=area.count,
        )

    def sections(self, frame: pd.DataFrame) -> list[Section]:
        return realism_sections.sections(frame, self.labels())


def _distance_rows(
    name: str, found: realism.Distance, method: str, setting: str = ""
) -> Iterator[Row]:
    shared = {"method": method, "setting": setting, "n": found.count}
    yield Row(metric=f"frechet_{name}", value=found.value, **shared)
    yield Row(metric=f"floor_frechet_{name}", value=found.floor, **shared)
