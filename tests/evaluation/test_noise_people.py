"""Whether people are taken for those whose gaits were the noise, by hand."""

import types

import jax
import numpy as np
import pytest
from drawn import load_config
from stores import make_store

from gait_jax.data.gaits import Gaits
from gait_jax.evaluation import noise_people
from gait_jax.evaluation.noise_tables import noise_people_table
from gait_jax.evaluation.rows import to_frame
from gait_jax.methods.contracts import Anonymizer

_BODY = np.ones((8, 4), np.uint8)


def gaits(folder, walks):
    """Walks (person, number, view) of nine frames; the first one is not usable."""
    masks = [np.zeros_like(_BODY)] + [_BODY] * 8
    return Gaits.of(make_store(folder, [(who, "nm", n, view, masks) for who, n, view in walks]))


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    walks = [("a", 1, 0), ("b", 1, 0), ("c", 1, 0), ("a", 2, 0), ("b", 2, 0), ("a", 2, 90)]
    return gaits(tmp_path_factory.mktemp("people") / "gaits", walks)


def test_hits_are_those_of_the_noise_person(originals):
    # a and b are probed, c's gait was the noise of both; of view 90 nobody is enrolled.
    probes, gallery = originals.take(np.array([3, 4, 5])), originals.take(np.array([0, 1, 2]))
    asked = []

    def distances(probes, enrolled):
        asked.append((probes.store.sequences[probes.rows[0]].name, len(enrolled)))
        # Anonymised, both are nearest to c; before, b alone.
        first = [2, 3, 1] if len(asked) == 1 else [1, 2, 3]
        return np.array([first, [2, 3, 1], [1, 1, 1]], np.float32)

    names = {"method": "tieu2017", "recogniser": "r", "attacker": "clean gallery"}
    found = list(
        noise_people.rows(
            types.SimpleNamespace(distances=distances),
            probes,
            originals,
            gallery,
            np.array(["c"] * 3),
            **names,
        )
    )
    values = {row.metric: (row.value, row.n) for row in found}
    assert values == {
        "taken_for_noise": (1.0, 2),
        "original_taken_for_noise": (0.5, 2),
        "noise_chance": (1 / 3, 2),
    }
    assert asked == [("a-nm-02-000", 3)] * 2
    shown = noise_people_table(to_frame(found), {"tieu2017": "baseline"}).frame
    assert shown.columns.tolist() == ["method", "recogniser", "anonymised", "before", "chance"]
    assert shown.iloc[0].tolist() == [
        "baseline", "r", "100.0 (few people)", "50.0 (few people)", "33.3",
    ]  # fmt: skip
    assert noise_people_table(to_frame(found[:0]), {}) is None


class _Borrowing(Anonymizer):
    """Gives everybody the gait of as many people as they have frames."""

    BORROWS = True

    def glimpse(self, mask, corner=(0, 0)):
        return mask.sum()

    def person(self, glimpses, key, rate):
        assert glimpses[0] is None
        return sum(one is not None for one in glimpses)

    def bodies(self, people, seen):
        raise NotImplementedError

    def borrowed(self, person):
        return f"who has {person}"


def test_whose_gait_was_borrowed_is_asked_of_the_originals(originals):
    found = noise_people.borrowed(_Borrowing(), originals.store, originals.take(np.array([2, 0])))
    assert found.tolist() == ["who has 8"] * 2


def test_what_borrows_nobodys_gait_is_not_asked(originals):
    class Own(_Borrowing):
        BORROWS = False

    assert noise_people.borrowed(Own(), originals.store, originals).tolist() == [""] * 6


def test_the_baseline_stands_beside_st_gan():
    config = load_config("jisa2019", "compare=baseline")
    assert [*config.methods] == ["alpha_03", "tieu2017"]
    assert config.methods.tieu2017.label == "baseline (Tieu 2017)"
    assert "noise_people" in config.evaluators
    assert "noise_people" not in load_config("jisa2019", "").evaluators
    assert jax.tree.leaves(config.evaluators.noise_people.to_dict()) == []
