import base64
import configparser
import html.parser
import re

import pandas as pd
import pytest
from drawn import ROOT

from gait_jax.evaluation import report
from gait_jax.evaluation.report import Figure, Section, Table, Terms, Text, Warning, write_html

_PNG = b"\x89PNG\r\n\x1a\n and so on"
_RESULTS = {
    "data": {"synthetic": False},
    "seed": 7,
    "software": {
        "git_revision": "0123abc",
        "python": "3.11.7",
        "packages": {"gait_jax": "0.1.0", "av": None, "jax": "0.10.2"},
        "devices": ["cpu:cpu", "gpu:A<B"],
    },
}


class _Page(html.parser.HTMLParser):
    """Texts by the tags that they stand in, and whether tags are closed as they were opened."""

    def __init__(self, text):
        super().__init__()
        self.found, self._open = [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img"):
            self._open.append((tag, dict(attrs)))
        else:
            self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        if data.strip():
            self.found.append((*self._open[-1], data))

    def texts(self, tag):
        return [text for name, _, text in self.found if name == tag]


def _written(tmp_path, blocks, title="Part", **changes):
    path = tmp_path / "report.html"
    write_html(path, "a & b", "Does <it> work?", _RESULTS | changes, [Section(title, blocks)])
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    text = path.read_text(encoding="utf-8")
    return text, _Page(text)


def test_every_kind_of_block(tmp_path):
    frame = pd.DataFrame([["A", "70.0 (60.1 to 79.3)"]], columns=["method", "success"])
    text, page = _written(
        tmp_path,
        [
            Text("Before."),
            Terms({"Success": "is a share."}),
            Table(frame, caption="Above", note="Below."),
            Figure(_PNG, "curves", caption="Over", note="Under."),
            Warning("Careful."),
        ],
    )
    assert page.texts("title") == ["gait_jax: a & b"]
    assert page.texts("h1") == ["Does <it> work?"] and page.texts("h2") == ["Part"]
    assert page.texts("dt") == ["Success"] and page.texts("dd") == ["is a share."]
    assert page.texts("caption") == ["Above"] and page.texts("h3") == ["Over"]
    assert page.texts("th") == ["method", "success"]
    assert page.texts("td") == ["A", "70.0 "] and page.texts("small") == ["(60.1 to 79.3)"]
    paragraphs = [(found.get("class"), text) for tag, found, text in page.found if tag == "p"]
    assert paragraphs == [
        (None, "Before."),
        ("note", "Below."),
        ("note", "Under."),
        ("warning", "Careful."),
        (
            "note",
            "Revision 0123abc, seed 7, cpu:cpu, gpu:A<B, Python 3.11.7, gait_jax 0.1.0, "
            "jax 0.10.2.",
        ),
    ]
    (image,) = (found for tag, found, _ in page.found if tag == "img")
    kind, data = image["src"].split(",")
    assert kind == "data:image/png;base64" and base64.b64decode(data) == _PNG
    assert image["alt"] == "curves"
    # One file: nothing is fetched from elsewhere.
    assert not re.findall(r'(?:src|href)="(?!data:)|url\(|@import|<script|<link', text)


def test_what_is_not_given_leaves_nothing(tmp_path):
    _, page = _written(tmp_path, [Table(pd.DataFrame({"x": ["1"]})), Figure(_PNG, "")], title="")
    assert {"h2", "h3", "caption"} & {tag for tag, _, _ in page.found} == set()
    assert len(page.texts("p")) == 1


def test_no_text_is_taken_for_markup(tmp_path):
    evil = "<script>alert('1')</script>"
    frame = pd.DataFrame([[evil, f"1 ({evil})"]], columns=[evil, "number"])
    blocks = [
        Table(frame, caption=evil, note=evil),
        Figure(_PNG, f'"{evil}', caption=evil, note=evil),
        Text(evil),
        Terms({evil: evil}),
        Warning(evil),
    ]
    software = _RESULTS["software"] | {"git_revision": evil}
    text, page = _written(tmp_path, blocks, title=evil, software=software, seed=evil)
    assert "<script" not in text
    for tag in ("h2", "h3", "caption", "th", "dt", "dd"):
        assert page.texts(tag)[0] == evil
    assert page.texts("td")[0] == evil


def test_words_may_break_and_numbers_may_not(tmp_path):
    frame = pd.DataFrame([["a (b c)", "d", "1 (0 to 2)", 3]], columns=["w", "x", "y", "z"])
    _, page = _written(tmp_path, [Table(frame, text_columns=2)])
    cells = [(found.get("class"), text) for tag, found, text in page.found if tag == "td"]
    # A bracket in words is nothing special.
    assert cells == [("words", "a (b c)"), ("words", "d"), (None, "1 "), (None, "3")]
    heads = [found.get("class") for tag, found, _ in page.found if tag == "th"]
    assert heads == ["words", "words", None, None]


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_data_is_warned_of(tmp_path, synthetic):
    text, _ = _written(tmp_path, [Text("x")], data={"synthetic": synthetic})
    assert text.count("<b>Synthetic data.</b> No real person walks in it") == synthetic


def test_a_report_that_cannot_be_made_leaves_the_last_one(tmp_path):
    before, _ = _written(tmp_path, [Text("x")])
    with pytest.raises(KeyError):
        write_html(tmp_path / "report.html", "a", "b", {"data": {}}, [])
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before


def test_the_template_is_installed_with_the_package():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = setup["options.package_data"]["gait_jax.evaluation"].split(", ")
    folder = ROOT / "gait_jax" / "evaluation"
    installed = {path.name for pattern in patterns for path in folder.glob(pattern)}
    assert "report.html.j2" in installed
    assert report.__file__ == str(folder / "report.py")
