"""Describes every field of every configuration in docs/fields.md.

    python tools/describe_fields.py

Defaults come from `configs/`, what a field may be from the checks of methods and evaluators, and
what it is for from the comments in the files: a comment stands for the fields below it, down to the
next comment or empty line, and for whatever is in a group that it stands above.
"""

import ast
import functools
import importlib
import itertools
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

from flax import traverse_util

# A script's own folder comes first otherwise, and then whatever is installed.
sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from gait_jax.evaluation import settings
from gait_jax.evaluation.evaluators.registry import EVALUATORS
from gait_jax.evaluation.protocol import PROTOCOLS
from gait_jax.methods.fields import Check, below, one_of, text
from gait_jax.methods.registry import METHODS

ROOT = pathlib.Path(__file__).parents[1]
OUT = ROOT / "docs" / "fields.md"
# No experiments.
_SHARED = ("__init__", "common")
# Data sets besides a file's default one.
_DATA = ("casia_a", "casia_b")
_DATA_IN_COLOUR = ("casia_b",)
# Of what an evaluation trains, only fields that differ from a training's file are shown.
_TRAIN = ".train."
_HEAD = """# Every field of every configuration

Made by `python tools/describe_fields.py`. On the command line a field is set by
`--config.FIELD=VALUE`, and a file's arguments stand after its path and a colon:
`--config=configs/wu2017.py:data=casia_a,form=small`, or `:casia_a,small` for short. A default in
brackets holds with the argument before it.
"""


def fields_of(file: str, arg: str = "") -> dict[str, Any]:
    """The fields of a configuration by their dotted names, which are sorted."""
    config = importlib.import_module(f"configs.{file}").get_config(arg)
    return traverse_util.flatten_dict(config.to_dict(), sep=".", is_leaf=_is_leaf)


def _is_leaf(path: tuple[str, ...], value: Any) -> bool:
    """Whether a group is shown as one field: what may be a whole training, or nothing."""
    del value
    return path[-1:] == ("pretraining",)


def experiments() -> list[str]:
    """The files of `configs` as its modules: trainings, then evaluations."""
    folder = ROOT / "configs"
    files = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.stem not in _SHARED
    }
    return sorted(files, key=lambda file: (not is_training(file), file))


def path_of(file: str) -> str:
    """Where a file of `configs` stands, from the project's folder."""
    return f"configs/{file.replace('.', '/')}.py"


def is_training(file: str) -> bool:
    """Whether a file configures a training, and no evaluation."""
    return "method" in fields_of(file)


def forms(file: str) -> list[list[str]]:
    """By argument, what a file's table shows besides the defaults: data sets and choices."""
    arguments = importlib.import_module(f"configs.{file}").ARGUMENTS
    others = _DATA_IN_COLOUR if "data.colour" in fields_of(file) else _DATA
    choices = {}
    if "data" in arguments:
        choices["data"] = [name for name in others if name != arguments["data"]]
    choices |= {name: list(may[1:]) for name, may in arguments.items() if isinstance(may, tuple)}
    return [[f"{name}={value}" for value in values] for name, values in choices.items()]


def checks_of(file: str) -> dict[str, Check]:
    """What the fields of a configuration may be, by their dotted names."""
    values = fields_of(file)
    return _of_training(values) if is_training(file) else _of_evaluation(values)


def _of_training(values: dict[str, Any]) -> dict[str, Check]:
    # Another method would need other fields.
    names = [name for name in values if name.split(".")[-1] == "method"]
    no_other = {name: Check("no other", values[name].__eq__) for name in names}
    return no_other | dict(METHODS[values["method"]].FIELDS)


def _of_evaluation(values: dict[str, Any]) -> dict[str, Check]:
    """What an evaluation's own fields may be, and those of what it trains."""
    trained: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if _TRAIN in name:
            group, _, rest = name.partition(_TRAIN)
            trained.setdefault(group, {})[rest] = value
    checks: dict[str, Check] = {}
    for group, own in trained.items():
        of_training = _of_training(own)
        # What it shares with its trainings has the same names.
        checks |= of_training | below(group + _TRAIN[:-1], of_training)
        checks |= below(group, settings.RUN | {"label": text})
    checks |= settings.SHARED | settings.SEEDS
    for name, evaluator in EVALUATORS.items():
        checks |= below(f"evaluators.{name}", evaluator.FIELDS) | evaluator.NEEDS
    checks["protocol"] = one_of(*PROTOCOLS)
    return {name: check for name, check in checks.items() if name in values}


def comments_of(file: str, function: str = "get_config") -> dict[str, str]:
    """What a file says of the fields that a function of it sets, by their dotted names.

    Args:
      file: in `configs`, without its suffix.
      function: its name. The configuration that it makes is called `c`.

    Returns:
      Comments of fields and of groups. What the functions say that it takes fields from is among
      them; where both say something, theirs comes first.
    """
    source = (ROOT / path_of(file)).read_text(encoding="utf-8")
    lines = [line.strip() for line in source.splitlines()]
    tree = ast.parse(source)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: dict[str, str] = {}
    for statement, comment in _commented(defined[function], lines):
        target, value = _assigned(statement)
        if target is None:
            continue
        called = _called(value, file, set(defined))
        for name, said in (comments_of(*called) if called else {}).items():
            found[".".join(filter(None, (target, name)))] = said
        if target and comment:
            found[target] = f"{found[target]} {comment}" if target in found else comment
    return found


def _commented(function: ast.FunctionDef, lines: list[str]) -> Iterator[tuple[ast.stmt, str]]:
    """Every statement of a function's body, with the comment that stands for it."""
    comment, last = "", function.lineno
    for statement in function.body:
        above = lines[last : statement.lineno - 1]
        if above:
            said = itertools.takewhile(lambda line: line.startswith("#"), reversed(above))
            comment = " ".join(line.lstrip("# ") for line in reversed(list(said)))
        last = statement.end_lineno or statement.lineno
        yield statement, comment


def _assigned(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    """(dotted name below `c`, value) of a statement that sets fields; (None, None) of others."""
    if isinstance(statement, ast.Assign):
        root, *names = ast.unparse(statement.targets[0]).split(".")
        return (".".join(names), statement.value) if root == "c" else (None, None)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call):
        root, *names, called = ast.unparse(call.func).split(".")
        if (root, called) == ("c", "update"):
            return ".".join(names), call.args[0]
    return None, None


def _called(value: ast.expr | None, file: str, defined: set[str]) -> tuple[str, str] | None:
    """(file, function) of `configs` that a value comes from; None where it comes from none."""
    if not isinstance(value, ast.Call):
        return None
    module, _, name = ast.unparse(value.func).rpartition(".")
    if not module:
        return (file, name) if name in defined else None
    return (module, name) if (ROOT / "configs" / f"{module}.py").exists() else None


def purpose(name: str, comments: dict[str, str]) -> str:
    """The comment that stands for a field: its own, or that of the nearest group around it."""
    parts = name.split(".")
    names = (".".join(parts[:i]) for i in range(len(parts), 0, -1))
    return next((comments[name] for name in names if name in comments), "")


@functools.cache
def _trainings() -> dict[str, dict[str, Any]]:
    """The fields of every form of every training, by what follows `configs/`."""
    return {
        f"{file}.py" + (f":{arg}" if arg else ""): fields_of(file, arg)
        for file in experiments()
        if is_training(file)
        for arg in _every_form(file)
    }


def _every_form(file: str) -> Iterator[str]:
    """Every combination of a file's forms, the defaults first."""
    for chosen in itertools.product(*(["", *values] for values in forms(file))):
        yield ",".join(filter(None, chosen))


def _nearest(fields: dict[str, Any]) -> str:
    """Which training's configuration these fields, of a training too, differ from the least."""
    return min(
        (name for name, known in _trainings().items() if known["method"] == fields["method"]),
        key=lambda name: len(_differing(fields, _trainings()[name])),
    )


def _differing(fields: dict[str, Any], others: dict[str, Any]) -> list[str]:
    return [name for name, value in fields.items() if others.get(name) != value]


def _without_trainings(
    fields: dict[str, Any], comments: dict[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """An evaluation's fields and comments, of its trainings only what is not as in their files."""
    groups: dict[str, dict[str, Any]] = {}
    for name, value in fields.items():
        if _TRAIN in name:
            group, _, rest = name.partition(_TRAIN)
            groups.setdefault(group + _TRAIN[:-1], {})[rest] = value
    kept = {name: value for name, value in fields.items() if _TRAIN not in name}
    said = dict(comments)
    for group, trained in groups.items():
        near = _nearest(trained)
        kept[group] = f"as configs/{near}"
        for name in _differing(trained, _trainings()[near]):
            kept[f"{group}.{name}"] = trained[name]
            own, theirs = comments.get(f"{group}.{name}", ""), comments_of(near.split(".")[0])
            said[f"{group}.{name}"] = " ".join(filter(None, (purpose(name, theirs), own)))
    return dict(sorted(kept.items())), said


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value if value.startswith("as configs/") else f'`"{value}"`'
    if isinstance(value, dict) and value:
        return "a training"
    return f"`{value}`"


def _default(name: str, value: Any, by_form: dict[str, dict[str, Any]]) -> str:
    """A default with those that hold for other arguments, which name themselves in `data.name`."""
    others = [
        f"{form} ({_shown(fields[name])})"
        for form, fields in by_form.items()
        if name in fields and fields[name] != value and not name.endswith("data.name")
    ]
    return "; ".join([_shown(value), *others])


def table(file: str) -> list[str]:
    """A file's table: (field, default, what it may be, what it is for), as lines of Markdown."""
    fields, comments = fields_of(file), comments_of(file)
    by_form = {form: fields_of(file, form) for form in itertools.chain(*forms(file))}
    checks = checks_of(file)
    if not is_training(file):
        fields, comments = _without_trainings(fields, comments)
        # Other trainings are other tables' affair.
        by_form = {
            form: {name: value for name, value in others.items() if _TRAIN not in name}
            for form, others in by_form.items()
        }
    rows = [
        (
            f"`{name}`",
            _default(name, value, by_form),
            checks[name].what if name in checks else "-",
            purpose(name, comments),
        )
        for name, value in fields.items()
    ]
    head = ["| field | default | may be | what for |", "|---|---|---|---|"]
    return head + [
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows
    ]


def described() -> str:
    """The whole page."""
    page = [_HEAD]
    for file in experiments():
        doc = importlib.import_module(f"configs.{file}").__doc__ or ""
        path = path_of(file)
        page.append(f"## [{path}](../{path})\n\n{doc.splitlines()[0]}\n")
        page.append("\n".join(table(file)) + "\n")
    return "\n".join(page)


if __name__ == "__main__":
    OUT.write_text(described(), encoding="utf-8")
