"""What a report says of attackers: a sentence for a person in a hurry, then tables."""

from collections.abc import Iterator

import pandas as pd

from gait_jax.evaluation import cells, report, tables
from gait_jax.evaluation.attack_rows import CLEAN_LEVEL, SHUFFLED_LEVEL, WORST
from gait_jax.evaluation.attackers import KNOWING
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, MEASURED, SAME_VIEW, find

_LINKED = "linked over "
_TITLES = {"eer": "EER, %", "tpr": "TPR at 1 % FPR, %", "d_sys": "D_sys"}
_BEFORE, _GUESS = "clean gaits", "shuffled labels"
_WORDS = report.Terms(
    {
        "Ignorant": "is the papers' attacker: a recogniser of clean gaits, a clean gallery.",
        "Lazy-informed": "enrols anonymised gaits, each with its own noise, and has the same "
        "recogniser.",
        "Semi-informed": "enrols them too, and has trained the recogniser from scratch on "
        "anonymised gaits of the people who train recognisers.",
        "Linked over L": "enrols L walks of a person together, those nearest to the probe's "
        "direction, and takes the mean of their distances, in which these count most.",
        "Found, rank-k": "is the share of walks whose person is among the k nearest (success is "
        "the rest). A person is as near as the nearest of their walks in a view.",
        "Worst": "is what the person who is told from others best suffers; after the slash, what "
        "the worst of these people would by chance.",
        "EER": "is the share of errors where as many walks of one person are refused as walks of "
        "two are accepted, over all pairs of a probe and an enrolled person and with one threshold "
        "for all: 50 % where nobody can be linked, 0 % where everybody can.",
        "TPR at 1 % FPR": "is how many walks of one person are accepted where 1 % of those of two "
        "are.",
        "D_sys": "is the linkability of Gomez-Barrero et al. (2017): 0 where distances of one "
        "person and of two are distributed alike, 1 where they do not overlap.",
        "Clean gaits": "are the same walks before anonymisation, in a clean gallery: a recogniser "
        "that does not know these proves nothing.",
        "Shuffled labels": "is what is left where people's names are exchanged at random, for the "
        "attacker in the line above.",
        "In brackets": "stand 95 % bootstrap intervals over people, where there are ten or more.",
    }
)


def _shown(metric: str, value: float, low: float | None = None, high: float | None = None) -> str:
    show = "{:.2f}".format if metric.endswith("d_sys") else cells.percent
    return cells.estimate(show, value, low, high)


class _Numbers:
    """The numbers of one method over all conditions, as a table shows them."""

    def __init__(self, frame: pd.DataFrame, method: str):
        found = find(frame, source=MEASURED, method=method, condition=ALL, view=ALL)
        found = found[found["attacker"].isin([*KNOWING])]
        self.rows = found.set_index(["setting", "recogniser", "attacker", "metric"]).sort_index()
        self.recognisers = [*found["recogniser"].unique()]
        self.attackers = [name for name in KNOWING if name in {*found["attacker"]}]
        self.settings = [*found["setting"].unique()]

    def text(self, *key: str) -> str:
        """A number with its interval, or a dash."""
        if key not in self.rows.index:
            return tables.NOTHING
        return _shown(key[-1], *self.rows.loc[key, ["value", "low", "high"]])

    def worst(self, setting: str, recogniser: str, attacker: str, metric: str) -> str:
        """The worst person's number, and the worst one's by chance."""
        names = (f"{WORST}_{metric}", f"{WORST}_{SHUFFLED_LEVEL}_{metric}")
        return " / ".join(self.text(setting, recogniser, attacker, name) for name in names)

    def lines(self) -> Iterator[tuple[str, str, str, str]]:
        """(recogniser, what a line is called, attacker, what metrics' names begin with)."""
        for recogniser in self.recognisers:
            for attacker in self.attackers:
                yield recogniser, attacker, attacker, ""
            yield recogniser, _GUESS, self.attackers[-1], f"{SHUFFLED_LEVEL}_"
            yield recogniser, _BEFORE, self.attackers[0], f"{CLEAN_LEVEL}_"


def _ranks(numbers: _Numbers) -> list[str]:
    names = set(numbers.rows.index.get_level_values("metric"))
    return sorted((n for n in names if n.startswith("found@")), key=lambda n: int(n[6:]))


def attack_table(frame: pd.DataFrame, method: str, setting: str) -> report.Table:
    """All measures of one method in one setting, over all conditions and views.

    Args:
      frame: rows as from `rows.to_frame`.
      method: its name.
      setting: such as "same view".
    """
    numbers = _Numbers(frame, method)
    first, *more = _ranks(numbers)
    titles = {first: f"found, rank-{first[6:]}, %"}
    shown = {name: f"found, rank-{name[6:]}, %" for name in more} | _TITLES
    body = []
    for recogniser, called, attacker, level in numbers.lines():
        key = (setting, recogniser, attacker)
        worst = tables.NOTHING if level else numbers.worst(*key, first)
        cells = [numbers.text(*key, f"{level}{name}") for name in (first, *shown)]
        body.append([recogniser, called, cells[0], worst, *cells[1:]])
    head = ["recogniser", "attacker", titles[first], "worst, %", *shown.values()]
    return report.Table(pd.DataFrame(body, columns=head), text_columns=2)


def linked_table(frame: pd.DataFrame, method: str, metric: str, caption: str) -> report.Table:
    """One measure of one method by the number of walks that are linked.

    Args:
      frame: rows as from `rows.to_frame`.
      method: its name.
      metric: of the rows.
      caption: of the table.
    """
    numbers = _Numbers(frame, method)
    settings = sorted(
        (name for name in numbers.settings if name.startswith(_LINKED)),
        key=lambda name: int(name.removeprefix(_LINKED)),
    )
    body = [
        [recogniser, called]
        + [numbers.text(name, recogniser, attacker, f"{level}{metric}") for name in settings]
        for recogniser, called, attacker, level in numbers.lines()
    ]
    head = ["recogniser", "attacker", *(name.removeprefix("linked ") for name in settings)]
    return report.Table(pd.DataFrame(body, columns=head), caption=caption, text_columns=2)


def headlines(frame: pd.DataFrame, labels: tables.Labels) -> list[str]:
    """Who finds whom how often against what chance: of the attack that finds most, a method each.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    told = []
    for method, label in labels.items():
        numbers = _Numbers(frame, method)
        if numbers.rows.empty:
            continue
        first = _ranks(numbers)[0]
        found = numbers.rows.xs(first, level="metric")["value"]
        key = found.idxmax()
        setting, recogniser, attacker = key
        row, levels = numbers.rows.loc[(*key, first)], numbers.rows.loc[key]["value"]
        guess, before = (
            cells.percent(levels[f"{x}_{first}"]) for x in (SHUFFLED_LEVEL, CLEAN_LEVEL)
        )
        value, *interval = _shown(first, *row[["value", "low", "high"]]).split(" ", 1)
        sure = " ".join([f"{value} %", *interval])
        rank = "" if first == "found@1" else f" among the {first[6:]} nearest"
        told.append(
            f"{label}: of {len(found)} attacks the strongest finds{rank} {sure} of "
            f"{row['n']} walks' people, where a guess finds {guess} % and the recogniser finds "
            f"{before} % before anonymisation ({recogniser}, {attacker}, {setting})."
        )
    return told


def sections(frame: pd.DataFrame, labels: tables.Labels) -> list[Section]:
    """Tables of every method, and what their words mean.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    found = [Section("", [_WORDS])]
    for method, label in labels.items():
        numbers = _Numbers(frame, method)
        if numbers.rows.empty:
            continue
        titles = {
            SAME_VIEW: f"{label}: probes in the gallery of their own view",
            CROSS_VIEW: f"{label}: probes in the galleries of all other views",
        }
        for setting, title in titles.items():
            if setting in numbers.settings:
                found.append(Section(title, [attack_table(frame, method, setting)]))
        if any(name.startswith(_LINKED) for name in numbers.settings):
            first = _ranks(numbers)[0]
            captions = {first: f"Found, rank-{first[6:]}, %", "eer": _TITLES["eer"]}
            shown = [linked_table(frame, method, *item) for item in captions.items()]
            found.append(Section(f"{label}: several walks of a person linked", shown))
    return found
