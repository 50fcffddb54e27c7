"""What README.md and docs/ name has to be there: pictures, pages, configurations, commands."""

import configparser
import pathlib
import re

import pytest

_ROOT = pathlib.Path(__file__).parents[1]
_README = _ROOT / "README.md"
_PAGES = [_README, *sorted((_ROOT / "docs").glob("*.md"))]
_NAMES = [page.relative_to(_ROOT).as_posix() for page in _PAGES]

# Named already, and written elsewhere: each leaves this list when it comes.
_EXPECTED: set[str] = set()

# Its recipes name files that the reader is to write.
_RECIPES = "docs/extend.md"
# Made by a tool, which gives it another opening.
_TABLES = "docs/fields.md"
_NAMING = [name for name in _NAMES if name != _RECIPES]
_CHAPTERS = [n for n in _NAMES if n not in ("README.md", _RECIPES, _TABLES)]

_LINK = re.compile(r"\]\(([^()\s]+)\)")
_CODE = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def _text(page: str) -> str:
    return (_ROOT / page).read_text(encoding="utf-8")


def _links(text: str) -> list[str]:
    """Targets of links and pictures within the project; code links to nothing."""
    return [link for link in _LINK.findall(_CODE.sub("", text)) if "://" not in link]


def _anchors(text: str) -> set[str]:
    """The names by which headings are linked to."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in kept}


def _missing(paths: set[str]) -> set[str]:
    return {path for path in paths - _EXPECTED if not (_ROOT / path).exists()}


def test_readme_is_short():
    assert len(_text("README.md").splitlines()) <= 130


def test_links_are_found_in_text_and_not_in_code():
    text = "[a](x.md) ![p](y.png)\n    [no](code.md)\n`[no](z.md)` [w](https://a.b) [c](x.md#d-e)\n"
    assert _links(text) == ["x.md", "y.png", "x.md#d-e"]


def test_anchors_are_those_of_the_headings():
    text = "# Two commands\n```\n# no heading\n```\n## Rows of `results.csv`\n"
    assert _anchors(text) == {"two-commands", "rows-of-resultscsv"}


@pytest.mark.parametrize("page", _NAMES)
def test_every_link_leads_somewhere(page):
    links = _links(_text(page))
    folder = (_ROOT / page).parent
    for link in links:
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else _ROOT / page
        named = target.relative_to(_ROOT).as_posix()
        assert not _missing({named}), f"{page} links to {link}, and {named} is not there"
        if anchor and target.exists():
            found = _anchors(target.read_text(encoding="utf-8"))
            assert anchor in found, f"{page} links to {link}: {named} has no such heading"


@pytest.mark.parametrize("page", _NAMING)
def test_every_file_that_a_page_names_is_there(page):
    named = re.findall(r"\b(?:configs/\w+\.py|benchmarks/\w+\.py|launch/\w+\.\w+)", _text(page))
    assert not _missing(set(named))


@pytest.mark.parametrize("page", _NAMING)
def test_every_module_that_a_page_runs_is_there(page):
    modules = re.findall(r"python -m (\w+(?:\.\w+)*)", _text(page))
    assert not _missing({f"{module.replace('.', '/')}.py" for module in modules})


@pytest.mark.parametrize("page", _NAMES)
def test_every_extra_that_a_page_installs_is_there(page):
    extras = set(re.findall(r"'\.\[([\w-]+)\]'", _text(page)))
    setup = configparser.ConfigParser()
    setup.read(_ROOT / "setup.cfg", encoding="utf-8")
    assert extras <= set(setup["options.extras_require"])


def test_the_readme_names_every_page_and_says_how_to_start():
    text = _text("README.md")
    links = set(_links(text))
    assert {"docs/looks.jpg", "CITATION.cff", "LICENSE"} <= links
    pages = {name for name in _NAMES if name != "README.md"}
    assert pages <= {link.partition("#")[0] for link in links}
    for command in ("pip install .", "make train", "make test", "gait_jax.anonymize"):
        assert f"    {command}" in text or f"    python -m {command}" in text


@pytest.mark.parametrize("page", _CHAPTERS)
def test_a_page_opens_with_a_sentence_and_a_command(page):
    title, rest = _text(page).split("\n", 1)
    assert title.startswith("# ")
    opening, _, _ = rest.partition("\n## ")
    sentence = opening.strip().split("\n\n")[0]
    assert sentence[0].isupper() and sentence.endswith((".", ":"))
    assert re.search(r"^    (python|make|pip) ", opening, re.M), f"{page} opens without a command"


def test_what_was_expected_is_off_the_list_once_it_is_there():
    come = {path for path in _EXPECTED if (_ROOT / path).exists()}
    assert not come, f"take {', '.join(sorted(come))} off _EXPECTED"
