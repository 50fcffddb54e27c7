"""What is wrong with a configuration file or a flag, in one line."""

import traceback
from collections.abc import Iterator, Sequence

_HELP = "see --help, and the files in configs/"
# What refuses an argument of a configuration (`configs.common`): the command line is wrong, not the
# file that calls it.
_ARGUMENTS = "parse_arg"


def reason(error: BaseException, argv: Sequence[str]) -> str:
    """Says what is wrong, and of a bug in a configuration file the file and the line.

    Args:
      error: what parsing the flags raised, or what the configuration did.
      argv: the command line.
    """
    given, path = _given(argv)
    for raised in _chain(error):
        if isinstance(raised, SyntaxError):
            return f"{raised.filename}, line {raised.lineno}: {raised.msg}"
        frames = traceback.extract_tb(raised.__traceback__)
        lines = [frame.lineno for frame in frames if path and frame.filename == path]
        if lines and frames[-1].name != _ARGUMENTS:
            return f"{path}, line {lines[-1]}: {_said(raised)}"
    text = _text(error)
    if "'get_config'" in text:
        return f"{given} names no configuration: the file has no get_config; {_HELP}"
    if "--config=None" in text:
        return f"{given} names no configuration: its get_config returns nothing; {_HELP}"
    # A field that a configuration lacks comes as an AttributeError of its name alone.
    what = "no such field " if isinstance(error, (AttributeError, KeyError)) else ""
    return f"{what}{text}; {_HELP}"


def _given(argv: Sequence[str]) -> tuple[str, str]:
    """(the flag as it was given, the path of the configuration file in it)."""
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        name, _, value = word.lstrip("-").partition("=")
        if name == "config":
            value = value or following
            return f"--config={value}", value.partition(":")[0]
    return "--config", ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it was raised for."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    if isinstance(error, AttributeError) and isinstance(error.__context__, KeyError):
        return f"no such field {_text(error)}"
    return f"{type(error).__name__}: {_text(error)}"


def _text(error: BaseException) -> str:
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    if isinstance(error, KeyError):
        # Its text is in quotes, with a hint of what may have been meant.
        return "; ".join(str(error.args[0]).splitlines()) if error.args else ""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else ""
