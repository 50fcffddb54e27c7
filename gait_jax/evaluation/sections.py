"""The sections of a report: which tables and plots stand together, and what they mean."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from gait_jax.evaluation import difference_tables, noise_tables, plots, report, scoring, tables
from gait_jax.evaluation.claims import Roles
from gait_jax.evaluation.protocol import Conditions, Protocol
from gait_jax.evaluation.report import Section
from gait_jax.evaluation.rows import ALL, CROSS_VIEW, MEASURED, SAME_VIEW, find

_RATES = report.Terms(
    {
        "Success": "is the share of anonymised walks whose person is not among the k nearest of "
        "the gallery.",
        "Clean error": "is the same share of the same walks before anonymisation, in a clean "
        "gallery: what the recogniser gets wrong anyway.",
        "Difference": "is what the anonymiser adds.",
        "Chance": "is the success against a recogniser that guesses: no method needs more.",
        "In brackets": "stand 95 % bootstrap intervals over people; “few people”: fewer than ten, "
        "of whom there is none.",
    }
)
_ATTACKERS = report.Terms(
    {
        "Clean gallery": "is the papers' attacker: a gallery of clean gaits against anonymised "
        "probes.",
        "Anonymised gallery": "is the honest one, who enrols anonymised gaits too, gallery and "
        "probes each with their own noise.",
    }
)


def warnings(labels: tables.Labels, leaked: Mapping[str, Sequence[str]]) -> list[report.Warning]:
    """A warning for every method that has seen people whom it is measured on.

    Args:
      labels: the methods' names in prose by their names.
      leaked: people probed whom a method was trained on, by its name.
    """
    return [
        report.Warning(
            f"{labels[method]} was trained on people who are probed here "
            f"({', '.join(people)}): its success is not to be trusted."
        )
        for method, people in leaked.items()
        if people
    ]


def measured(described: Mapping[str, Mapping[str, Any]]) -> Section:
    """Which states of the methods the numbers are of.

    Args:
      described: as from `Study.describe`.
    """
    terms = {}
    for method in described.values():
        facts = [f"{name} {_in_words(value)}" for name, value in method["facts"].items()]
        steps = f"is {method['method']} after {method['step']} steps of training"
        terms[method["label"]] = ", ".join([steps, *facts]) + "."
    return Section("", [report.Terms(terms)])


def _in_words(fact: Any) -> str:
    return {True: "yes", False: "no"}[fact] if isinstance(fact, bool) else str(fact)


def success(frame: pd.DataFrame, labels: tables.Labels) -> list[Section]:
    """Success against each attacker, and what the recognisers know of clean gaits.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.

    Raises:
      ValueError: the frame holds no rate of identification.
    """
    first = min(tables.ranks(frame))
    titles = {
        SAME_VIEW: "Success, %, probes in the gallery of their own view",
        CROSS_VIEW: "Success, %, mean over the galleries of all other views",
    }
    found = {setting: tables.success_table(frame, labels, setting) for setting in titles}
    return [
        Section("", [_RATES, _ATTACKERS]),
        # A data set of one view has no others.
        *(Section(titles[name], [table]) for name, table in found.items() if len(table.frame)),
        Section(
            f"What the recognisers know of clean gaits: rank-{first}, %",
            [tables.identification_table(frame, first)],
        ),
    ]


def differences(frame: pd.DataFrame, labels: tables.Labels) -> list[Section]:
    """By how much success differs between methods and between recognisers.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names.
    """
    titles = {
        scoring.OVER_METHOD: "Success of one method over another, points",
        scoring.OVER_RECOGNISER: "Success against one recogniser over another, points",
    }
    found = [
        Section(f"{title}: {setting}", [table])
        for metric, title in titles.items()
        for setting in (SAME_VIEW, CROSS_VIEW)
        if (table := difference_tables.differences_table(frame, labels, metric, setting))
    ]
    paired = report.Text(
        "Differences are of the same probes, each with the same noise for all methods, and their "
        "95 % intervals of a bootstrap that draws the same people for both sides. One whose "
        "interval holds 0 is none that could be told."
    )
    return [Section("", [paired]), *found] if found else []


def by_view(frame: pd.DataFrame, labels: tables.Labels) -> Section:
    """Plots of success by view, a rank each, and their numbers.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    drawn = [
        report.Figure(plots.success_by_view(frame, labels, rank), f"success by view, top-{rank}")
        for rank in tables.ranks(frame[frame["view"] != ALL])
    ]
    return Section("By view", [*drawn, *tables.by_view_tables(frame, labels)])


def naturalness(frame: pd.DataFrame, labels: tables.Labels) -> Section:
    """What became of the frames, and how natural they look.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names, in the order wanted.
    """
    return Section("Naturalness", [tables.naturalness_table(frame, labels)])


def noise_people(frame: pd.DataFrame, labels: tables.Labels) -> list[Section]:
    """Who is taken for the person whose gait was the noise; nothing where nobody's was.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names.
    """
    table = noise_tables.noise_people_table(frame, labels)
    told = report.Text(
        "Where the noise is a recorded gait, its person is enrolled here, too. 2019 holds against "
        "such noise that a recogniser may take the original for it: as far as it does, the noise "
        "hides nobody."
    )
    title = "Taken for the person whose gait was the noise, %, same view, clean gallery"
    return [Section(title, [told, table])] if table else []


def noise_share(
    frame: pd.DataFrame, labels: tables.Labels, pictures: Mapping[str, bytes]
) -> list[Section]:
    """How much of what methods change is random; nothing where it was not measured.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the methods' names in prose by their names.
      pictures: PNGs of noise beside real contours, by the method's name in prose.
    """
    table = noise_tables.noise_share_table(frame, labels)
    told = report.Text(
        "Some walks are anonymised several times with other noise. Distances are a point in body "
        "heights. What the mean over draws has changed, every draw changes, and whoever has the "
        "model knows it; the noise's share is of the mean square of the change, 100 % where the "
        "draws scatter about the original. Noise that hides somebody lies about as far apart as "
        "real people's contours do."
    )
    drawn = [
        report.Figure(png, f"noise of {label}", caption=f"{label}: noise, and real contours")
        for label, png in pictures.items()
    ]
    return [Section("How much of the change is random", [told, table, *drawn])] if table else []


def colour(frame: pd.DataFrame, labels: tables.Labels, forms: Mapping[str, str]) -> list[Section]:
    """How true the colours are, a section for each form that was measured.

    Args:
      frame: rows as from `rows.to_frame`.
      labels: the colourisers' names in prose by their names, in the order wanted.
      forms: what each form compares, by its name.
    """
    measured = find(frame, source=MEASURED, metric="psnr")["setting"].unique()
    return [
        Section(
            "",
            [
                report.Text(
                    "PSNR in dB and SSIM, means over frames with 95 % intervals over people, none "
                    "of fewer than ten; larger is better. Sets: plain and textural clothing, by "
                    "complete silhouettes; complete and incomplete silhouettes, by all clothing, "
                    "each with the gait that was made of it. Eq 9 and what learnt from it look at "
                    "the original's silhouette."
                )
            ],
        ),
        *(
            Section(
                form,
                [
                    report.Text(declared),
                    tables.colour_table(frame, labels, form),
                    difference_tables.colour_differences_table(frame, labels, form),
                ],
            )
            for form, declared in forms.items()
            if form in measured
        ),
    ]


def claims(judged: Iterable[Sequence[str]], labels: tables.Labels, roles: Roles) -> Section:
    """What became of a paper's claims.

    Args:
      judged: as from `claims.judged`.
      labels: the methods' names in prose by their names.
      roles: which methods are the paper's.
    """
    are = {
        "What the paper proposes": roles.ours,
        "Its baseline": roles.baseline,
        "With a Gaussian seed": roles.gaussian,
        "In the order of α": roles.sweep,
        "Whose gaits are coloured": roles.anonymizer,
        "The earlier model": roles.contours,
    }
    terms = {}
    for role, names in are.items():
        names = [names] if isinstance(names, str) else names
        if told := "; ".join(f"{labels[name]} ({name})" for name in names if name):
            terms[role] = f"is here: {told}."
    told = report.Text(
        "Differences stand with their 95 % intervals, success in points. A claim holds where all "
        "of them lie above 0, does not where one lies at or below, and otherwise cannot be told."
    )
    table = tables.claims_table(judged)
    return Section("What the paper claims", [told, report.Terms(terms), table])


def samples(pictures: Mapping[str, bytes]) -> Section:
    """What it looks like.

    Args:
      pictures: PNGs by the method's name in prose.
    """
    shown = [
        report.Figure(png, f"samples of {label}", caption=label) for label, png in pictures.items()
    ]
    return Section("What it looks like", shown)


def protocol(known: Protocol, groups: Mapping[str, Sequence[str]]) -> Section:
    """Who is enrolled and who is probed.

    Args:
      known: the protocol.
      groups: subjects by group.
    """

    def shown(conditions: Conditions) -> str:
        names = (f"{name}-{n:02d}" for name, numbers in conditions.items() for n in numbers)
        return ", ".join(names)

    sizes = ", ".join(f"{name} {len(members)}" for name, members in groups.items())
    text = (
        f"Groups of subjects: {sizes}. Gallery: {shown(known.gallery)} of “{known.enrolled}”. "
        f"Probes: {shown(known.probes)} of “{known.probed}”. {known.declared}"
    )
    return Section("", [report.Text(text)])
