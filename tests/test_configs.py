import configparser
import fnmatch
import importlib
import importlib.util
import itertools
import os
import re
import shlex
import sys

import processes
import pytest
from drawn import ROOT

from configs import closed, colour_quality, common, jisa2019, lt74, stgan, wu2017, zheng2011
from gait_jax.evaluation import settings
from gait_jax.evaluation.evaluators.registry import EVALUATORS
from gait_jax.methods import fields
from gait_jax.methods.registry import METHODS


def _load_tool():
    path = ROOT / "tools" / "describe_fields.py"
    spec = importlib.util.spec_from_file_location("describe_fields", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


describe = _load_tool()
FILES = describe.experiments()
TRAININGS = [file for file in FILES if describe.is_training(file)]


def _module(file):
    return importlib.import_module(f"configs.{file}")


def _forms(file):
    """What can be said of each argument: (short, named)."""
    values = [
        may if isinstance(may, tuple) else ("walkers", "casia_a", "casia_b")
        for name, may in _module(file).ARGUMENTS.items()
        if name != "anonymized_by"
    ]
    names = [name for name in _module(file).ARGUMENTS if name != "anonymized_by"]
    for chosen in itertools.product(*values):
        named = zip(names, chosen, strict=True)
        yield ",".join(chosen), ",".join(f"{name}={value}" for name, value in reversed([*named]))


def test_the_files_are_found():
    assert {"stgan", "wu2017", "zheng2011", "colour_transfer"} <= set(TRAININGS)
    assert {"jisa2019", "apsipa2020", "lt74", "closed", "colour_quality"} <= set(FILES)
    assert not set(FILES) & {"common", "__init__"}


@pytest.mark.parametrize("file", FILES)
def test_short_and_named_arguments_give_the_same_configuration(file):
    get_config = _module(file).get_config
    seen = []
    for short, named in _forms(file):
        config = get_config(short).to_dict()
        assert get_config(named).to_dict() == config, named
        # A set of a dozen people has the groups of one also where nobody asks for them, and each
        # set has a form of Wu et al.'s networks that need not be asked for.
        asked_for_nothing = "groups=few" in named and "data=casia_a" in named
        if _module(file).ARGUMENTS.get("form") == ("", "small", "published"):
            published = "data=casia_b" in named and file != "closed"
            asked_for_nothing |= f"form={'published' if published else 'small'}" in named
        if "size" in _module(file).ARGUMENTS:
            asked_for_nothing |= f"size={'full' if 'data=casia_b' in named else 'quick'}" in named
        assert (config in seen) == asked_for_nothing, named
        seen.append(config)
    assert len(seen) >= 2
    # The default is one of them.
    assert get_config().to_dict() == get_config("").to_dict()
    assert get_config().to_dict() in seen


@pytest.mark.parametrize(
    "file",
    [
        "gaitbase",
        "gaitpart",
        "gaitset",
        "side_channels",
        "stgan",
        "stgan_resampled",
        "wu2017",
        "zheng2011",
    ],
)
def test_a_training_takes_anonymised_gaits(file):
    config = _module(file).get_config("anonymized_by=runs/a=b,data=casia_a")
    assert config.data.anonymized_by == "runs/a=b"
    plain = _module(file).get_config("casia_a")
    assert plain.data.anonymized_by == ""
    plain.data.anonymized_by = "runs/a=b"
    assert config.to_dict() == plain.to_dict()


@pytest.mark.parametrize("file", FILES)
def test_the_docstring_gives_command_time_result_and_arguments(file):
    module = _module(file)
    doc = module.__doc__.replace("\\\n", " ")
    commands = re.findall(r"^    (python -m .*)$", doc, re.MULTILINE)
    assert commands
    for command in commands:
        words = shlex.split(command)
        assert words[:2] == ["python", "-m"]
        wanted = "gait_jax.train" if file in TRAININGS else "gait_jax.evaluate"
        assert words[2] == wanted and importlib.util.find_spec(wanted)
        (path,) = [word.split("=", 1)[1] for word in words if word.startswith("--config=")]
        path, _, arg = path.partition(":")
        assert path == describe.path_of(file)
        module.get_config(arg)
        assert any(word.startswith("--workdir=") for word in words)
    assert doc.index(commands[0]) < doc.index("\nTime: ") < doc.index("\nResult: ")
    told = doc[doc.index("\nArguments:\n") :]
    for name, may in module.ARGUMENTS.items():
        assert re.search(rf"^    {name}  ", told, re.MULTILINE), name
        for value in may[1:] if isinstance(may, tuple) else ():
            assert re.search(rf"\b{value}\b", told), value


@pytest.mark.parametrize(
    ("get_config", "arg", "message"),
    [
        (jisa2019.get_config, "walkers,beta", "'beta' cannot be compared"),
        (closed.get_config, "compare=beta", "'beta' cannot be compared"),
        (lt74.get_config, "walkers,alpha,noise", "'noise' is no form"),
        (wu2017.get_config, "casia_a,large", "'large' is no form"),
        (wu2017.get_config, "form=small,casia_a", "'casia_a' needs a name"),
        (wu2017.get_config, "casia_a,data=casia_b", "'data' is given twice"),
        (stgan.get_config, "walkers,,runs/a", "'runs/a' needs a name"),
        (stgan.get_config, "dataset=casia_a", "'dataset' is no argument"),
        (colour_quality.get_config, "anonymized_by=runs/a", "'anonymized_by' is no argument"),
    ],
)
def test_wrong_arguments_cost_one_line_that_names_the_right_ones(get_config, arg, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        get_config(arg)
    (line,) = str(caught.value).splitlines()
    arguments = sys.modules[get_config.__module__].ARGUMENTS
    for name, may in arguments.items():
        assert (
            f"{name}={' or '.join(filter(None, may)) if isinstance(may, tuple) else 'TEXT'}" in line
        )


def test_arguments_are_read_by_name_and_by_place():
    may = {"data": "walkers", "form": ("", "small", "large"), "anonymized_by": ""}
    for arg, values in {
        "": ("walkers", "", ""),
        "casia_a": ("casia_a", "", ""),
        "casia_a,": ("casia_a", "", ""),
        ",large": ("walkers", "large", ""),
        "casia_a,large": ("casia_a", "large", ""),
        "casia_a,form=large": ("casia_a", "large", ""),
        "form=large,data=casia_a": ("casia_a", "large", ""),
        "form=,anonymized_by=a": ("walkers", "", "a"),
    }.items():
        got = common.parse_arg(arg, **may)
        assert (got.data, got.form, got.anonymized_by) == values, arg


def test_an_evaluation_holds_what_it_trains():
    config = closed.get_config()
    assert config.data.to_dict() == {
        "name": "casia_a",
        "data_dir": "",
        "derived_dir": "",
        "manual_dir": "",
        "subjects": 40,
        "anonymized_by": "",
    }
    assert config.evaluators.to_dict() == {
        "identification": {"ranks": (1, 3)},
        "naturalness": {"every": 10},
        "noise_share": {"draws": 8, "walks": 20, "every": 5},
        "claims": {
            "paper": "jisa2019",
            "ours": "alpha_03",
            "baseline": "",
            "gaussian": "",
            "sweep": (),
            "anonymizer": "",
            "contours": "",
        },
        "mos": {"ratings": "", "key": ""},
    }
    zheng = zheng2011.get_config("casia_a")
    zheng.robustness = 3.0
    del zheng.seed
    wu = wu2017.get_config("casia_a,small")
    wu.train_steps = 400
    del wu.seed
    assert config.recognisers.to_dict() == {
        "zheng2011": {"checkpoint": "", "step": "", "train": zheng.to_dict()},
        "wu2017": {"checkpoint": "", "step": "", "train": wu.to_dict()},
    }
    assert set(config.methods) == {"alpha_03"}
    assert set(config.methods.alpha_03) == {"label", "checkpoint", "step", "train"}


def test_the_papers_groups_are_set_in_every_training():
    trained = lt74.get_config("walkers,noise")
    for part in (*trained.methods.values(), *trained.recognisers.values()):
        assert part.train.data.validation_group == "train"
    assert {m.train.noise_gan.data.group for m in trained.methods.values()} == {"train"}


def test_colour_is_measured_on_the_tested_people():
    config = colour_quality.get_config("walkers,paper")
    assert "protocol" not in config and not config.recognisers
    assert config.evaluators.colour.to_dict() == {"walks": 60, "frames": 6}
    trained = config.colourisers.network.train
    assert config.data.to_dict() == trained.data.to_dict() | {"group": "test", "subjects": 34}
    assert trained.data.group == "train"
    assert config.colourisers.baseline.train.data.silhouettes == "complete"
    assert (trained.network.copy, config.colourisers.paper.train.network.copy) == (True, False)


def test_every_method_and_evaluator_has_a_configuration():
    trained = {_module(file).get_config().method for file in TRAININGS}
    # G_N's stands within those of ST-GAN.
    assert trained | {stgan.get_config().noise_gan.method} == METHODS.keys()
    evaluated = {name for file in FILES if file not in TRAININGS for short, _ in _forms(file)
                 for name in _module(file).get_config(short).evaluators}  # fmt: skip
    assert evaluated == EVALUATORS.keys()


@pytest.mark.parametrize("file", FILES)
def test_every_field_has_a_range_a_purpose_and_an_allowed_default(file):
    checks, comments = describe.checks_of(file), describe.comments_of(file)
    config = _module(file).get_config()
    if file in TRAININGS:
        assert METHODS[config.method].FIELDS.keys() <= checks.keys()
    else:
        # What is refused is what is told.
        for name in config.evaluators:
            own = fields.below(f"evaluators.{name}", EVALUATORS[name].FIELDS)
            assert own.items() <= checks.items()
            assert EVALUATORS[name].NEEDS.keys() <= checks.keys()
        assert settings.SHARED.items() <= checks.items()
        assert ("protocol" in checks) == ("export" in checks) == ("protocol" in config)
    for form, _ in _forms(file) if file in TRAININGS else [("", "")]:
        values = describe.fields_of(file, form)
        assert values.keys() == checks.keys(), form
        for name, value in values.items():
            assert checks[name](value) is None, name
            assert checks[name].what, name
            assert file not in TRAININGS or describe.purpose(name, comments), name


def test_what_a_field_is_for_stands_in_the_comments():
    said = describe.comments_of("stgan_resampled")
    # Its own, from a function of the same file, and from common's.
    assert said["loss.alpha"].startswith("Weight of L_Per (eq 8)")
    assert said["noise_gan.seed_size"] == "Numbers of the Gaussian seed."
    assert said["noise_gan.train_steps"] == "How long to train."
    # A file that changes a default adds its reason.
    assert said["optimizer_d.learning_rate"].startswith("Adam's step. At 2e-4 D_T now and then")
    # One comment for a group, by lines and by the group's name.
    weights = [describe.purpose(f"loss.{name}", said) for name in ("spatial", "temporal")]
    assert weights[0] == weights[1] and weights[0].startswith("Weights of L_S, L_T")
    assert describe.purpose("noise_gan.discriminator.pool", said).startswith("D_N: channels")
    assert describe.purpose("nothing.said", said) == ""
    # Of fields that a group takes from a function, too.
    told = describe.comments_of("gaitset")
    assert (
        describe.purpose("data.augmented.flip", told) == "Share of the sequences that are mirrored."
    )


def test_the_page_of_fields_is_up_to_date():
    told = (ROOT / "docs" / "fields.md").read_text(encoding="utf-8")
    assert told == describe.described(), "run python tools/describe_fields.py"
    row = "| `loss.alpha` | `0.3` | a number from 0 | Weight of L_Per (eq 8)"
    assert told.count(row) == 5
    row = "| `data.size` | `64`; data=casia_b (`126`); form=published (`126`) | a whole number"
    assert row in told
    assert "| `recognisers.zheng2011.train.robustness` | `3.0` | a number from 0 |" in told
    row = "| `evaluators.identification.ranks` | `(1, 3)` | a list of 1 to 16 whole numbers from 1"
    assert told.count(row) == 6
    assert '| `protocol` | `"closed"` | one of ' in told
    assert "| as configs/wu2017.py:data=casia_a | - |" in told


@pytest.mark.parametrize(
    ("check", "what", "right", "wrong"),
    [
        (fields.whole(0, 9), "a whole number from 0 to 9", [0, 9], [-1, 10, 1.0, True, None, "1"]),
        (
            fields.number(),
            "a number from 0",
            [0, 0.5, 1e300],
            [-0.1, float("nan"), float("inf"), 10**400, True, "1"],
        ),
        (fields.number(0, 1 - 1e-9), "a number from 0 to 0.999999999", [0, 0.9], [1, 1.0]),
        (
            fields.wholes(1, 9, fewest=2, longest=2),
            "a list of 2 whole numbers from 1 to 9",
            [(1, 9), [2, 2]],
            [(1,), (1, 2, 3), (1, 10), (1, True), "12"],
        ),
        (fields.one_of("a", "b"), "one of a, b", ["a", "b"], ["c", ["a"], 0]),
        (fields.flag, "True or False", [True, False], [0, 1, "True", None]),
        (fields.text, "a text", ["", "a"], ["a\0", 1, None]),
    ],
)
def test_checks_say_what_they_allow(check, what, right, wrong):
    assert check.what == what
    assert [check(value) for value in right] == [None] * len(right)
    assert [check(value) for value in wrong] == [what] * len(wrong)


def test_a_file_elsewhere_may_build_on_one_of_them(tmp_path):
    (tmp_path / "own.py").write_text(
        "from configs import stgan\n\n\n"
        "def get_config(arg=''):\n"
        "    c = stgan.get_config(arg)\n"
        "    c.batch_size = 0\n"
        "    return c\n"
    )
    for config in ("own.py:casia_a", f"{ROOT / 'configs' / 'stgan.py'}:data=casia_a"):
        done = processes.run(
            [sys.executable, "-m", "gait_jax.train", f"--config={config}", "--workdir=run"]
            + ["--config.batch_size=0"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        )
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()[-1:]
        assert line.startswith("gait_jax.train: batch_size 0 cannot be used: it must be a whole")
        assert not (tmp_path / "run").exists()


def test_configurations_are_installed():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    included = setup["options.packages.find"]["include"].split()
    for package in ("configs", "gait_jax", "tfds_casia"):
        assert (ROOT / package / "__init__.py").exists()
        assert any(fnmatch.fnmatch(package, pattern) for pattern in included), package
