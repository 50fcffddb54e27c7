import sys

import pytest
from absl import flags
from ml_collections import config_flags

from gait_jax.runtime import configuration

# ml_collections reads files so; command lines do not show it.
pytestmark = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")

_HELP = "see --help, and the files in configs/"
_TOP = "from configs import stgan\n\n\ndef get_config(arg=''):\n    c = stgan.get_config(arg)\n"


def _told(*words):
    """What is said of a command line of --config and more."""
    values = flags.FlagValues()
    config = config_flags.DEFINE_config_file("config", None, "", flag_values=values)
    flags.mark_flag_as_required("config", flag_values=values)
    argv = ["train", *map(str, words)]
    # Where fields are set is looked for there.
    sys.argv, before = argv, sys.argv
    try:
        return _reason(values, config, argv)
    finally:
        sys.argv = before


def _reason(values, config, argv):
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011
        values(argv)
        config.value.to_dict()
    return configuration.reason(caught.value, argv)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (_TOP + "    c.seed = nope\n", 6, "NameError: name 'nope' is not defined"),
        (_TOP + "    c.seed = c.sead\n", 6, "no such field 'sead'; Did you mean"),
        (_TOP + "    c.loss.alfa.deep = 1\n    return c\n", 6, "no such field 'alfa'"),
        (_TOP + "    c.seed = 'many'\n", 6, "TypeError: Could not override field 'seed'"),
        (_TOP + "    c.seed = int('many')\n", 6, "ValueError: invalid literal for int()"),
        ("import nonesuch\n", 1, "ModuleNotFoundError: No module named 'nonesuch'"),
        ("\ndef get_config(:\n", 2, "invalid syntax"),
        (
            "def half(x):\n    return 1 / x\n\n\ndef get_config():\n    half(0)\n",
            2,
            "ZeroDivisionError",
        ),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_bug_is_told_by_file_and_line(tmp_path, text, line, said, apart):
    file = tmp_path / "own.py"
    file.write_text(text)
    told = _told("--config", file) if apart else _told(f"--config={file}")
    assert told.startswith(f"{file}, line {line}: {said}") and len(told.splitlines()) == 1


def test_a_bug_is_told_where_the_file_has_it_and_not_where_it_called(tmp_path, monkeypatch):
    # The last line of the user's own file, whatever it calls.
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_to_share.py").write_text("def part():\n    return {}['a']\n")
    file = tmp_path / "own.py"
    file.write_text("import mine_to_share\n\n\ndef get_config():\n    mine_to_share.part()\n")
    assert _told(f"--config={file}") == f"{file}, line 5: KeyError: a"
    sys.modules.pop("mine_to_share")


def test_what_is_wrong_with_the_command_line_is_no_bug_of_a_file(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(_TOP + "    return c\n")
    told = _told(f"--config={own}:foo=3")
    assert told.startswith("ValueError: 'foo' is no argument: the arguments are data=TEXT")
    assert told.endswith(_HELP) and "line" not in told
    assert _told(f"--config={own}", "--config.loss.alfa=3") == f"no such field 'alfa'; {_HELP}"
    assert _told(f"--config={tmp_path / 'none.py'}").startswith("[Errno 2] No such file")


def test_a_file_that_gives_no_configuration(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("def get_config():\n    pass\n")
    said = "names no configuration: its get_config returns nothing"
    assert _told(f"--config={file}") == f"--config={file} {said}; {_HELP}"
