import math

import pandas as pd
import pytest

from gait_jax.evaluation import papers, rows
from gait_jax.evaluation.rows import COLUMNS, Row
from gait_jax.runtime.errors import InputError

_ROWS = [
    Row(
        **{"metric": "success@1", "method": "a3", "view": "90", "step": 1500},
        **{"value": 0.1 + 0.2, "low": 0.1, "high": 1 / 3, "n": 7},
    ),
    Row(metric="psnr", method="nearest", setting="twin", condition="plain", value=math.inf),
    Row(metric="ssim", method='of "quotes", commas; α', value=5e-324, n=2**63 - 1),
]


def test_columns_and_types_are_fixed():
    assert COLUMNS == (
        *("source", "method", "recogniser", "attacker", "metric", "against"),
        *("setting", "condition", "view"),
        *("value", "low", "high", "n", "step"),
    )
    for frame in (rows.to_frame(_ROWS), rows.to_frame([])):
        assert tuple(frame.columns) == COLUMNS
        assert [str(kind) for kind in frame.dtypes] == ["str"] * 9 + ["float64"] * 3 + ["Int64"] * 2


def test_what_does_not_apply_is_empty():
    frame = rows.to_frame([Row(metric="frames", value=3)])
    assert frame["value"].tolist() == [3.0]
    assert frame[["low", "high", "n", "step"]].isna().to_numpy().tolist() == [[True] * 4]
    (line,) = frame.drop(columns=["value", "low", "high", "n", "step"]).to_dict("records")
    assert line == {
        "source": "measured",
        "method": "",
        "recogniser": "",
        "attacker": "",
        "metric": "frames",
        "against": "",
        "setting": "",
        "condition": "all",
        "view": "all",
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"value": math.nan}, "m is not a number"),
        ({"value": 0.5, "low": math.nan, "high": 1.0}, "m is not a number"),
        ({"value": 0.5, "low": 0.4}, "m has one end of an interval only"),
        ({"value": 0.5, "view": 90}, "view 90 is no line of text"),
        ({"value": 0.5, "method": "a\rb"}, r"method 'a\\rb' is no line of text"),
        ({"value": 0.5, "n": -1}, "n -1 is no count"),
        ({"value": 0.5, "n": 2**63}, "n 9223372036854775808 is no count"),
        ({"value": 0.5, "step": -1}, "step -1 is no number of steps"),
    ],
)
def test_rows_that_are_none(fields, message):
    with pytest.raises(ValueError, match=message):
        Row(metric="m", **fields)


def test_the_file_holds_shortest_exact_numbers(tmp_path):
    rows.write_csv(tmp_path / "results.csv", rows.to_frame(_ROWS))
    assert (tmp_path / "results.csv").read_text(encoding="utf-8").splitlines() == [
        ",".join(COLUMNS),
        "measured,a3,,,success@1,,,all,90,0.30000000000000004,0.1,0.3333333333333333,7,1500",
        "measured,nearest,,,psnr,,twin,plain,all,inf,,,,",
        'measured,"of ""quotes"", commas; α",,,ssim,,,all,all,5e-324,,,9223372036854775807,',
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


@pytest.mark.parametrize("some", [_ROWS, [], papers.COLOUR], ids=["made", "none", "papers"])
def test_every_bit_comes_back(tmp_path, some):
    frame = rows.to_frame(some)
    rows.write_csv(tmp_path / "results.csv", frame)
    again = rows.read_csv(tmp_path / "results.csv")
    pd.testing.assert_frame_equal(again, frame, check_exact=True)


_LINE = b"measured,a,,,success@1,,,all,90,0.5,0.4,0.6,7,\n"
_HEAD = ",".join(COLUMNS).encode() + b"\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1: its columns are not source, method"),
        (_HEAD.replace(b"low", b"lower"), "line 1: its columns are not source, method"),
        (_HEAD + _LINE + _LINE[:-5], "line 3: 12 fields instead of 14"),
        (_HEAD + _LINE.replace(b",7", b",7,8"), "line 2: 15 fields instead of 14"),
        (_HEAD + b"\n" + _LINE, "line 2: 0 fields instead of 14"),
        (_HEAD + _LINE.replace(b"0.5", b"half"), "line 2: could not convert string to float"),
        (_HEAD + _LINE.replace(b"0.5", b"nan"), "line 2: success@1 is not a number"),
        (_HEAD + _LINE.replace(b"0.5", b""), "line 2: could not convert string to float"),
        (_HEAD + _LINE.replace(b"0.6", b""), "line 2: success@1 has one end of an interval"),
        (_HEAD + _LINE.replace(b",7", b",7.5"), "line 2: invalid literal for int"),
        (_HEAD + _LINE.replace(b",7", b"," + b"9" * 30), "line 2: n 9+ is no count"),
        (_HEAD + b'measured,"a', "line 2: unexpected end of data"),
        (_HEAD + _LINE.replace(b",a,", b",\xff,"), "it is no text"),
        (_HEAD + _LINE.replace(b",a,", b",\x00,"), "line 2: "),
    ],
)
def test_damaged_files_cost_one_line(tmp_path, data, message):
    path = tmp_path / "results.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as found:
        rows.read_csv(path)
    text = str(found.value)
    assert text.startswith(f"{path} is damaged (") and len(text.splitlines()) == 1
    assert text.endswith("remove it, and it is made again")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\): give the"):
        rows.read_csv(tmp_path / "results.csv")
    with pytest.raises(InputError, match=r"cannot be read \(it is no regular file\): give the"):
        rows.read_csv(tmp_path)


def test_rows_are_found_by_what_they_are_of():
    frame = rows.to_frame(_ROWS)
    assert rows.find(frame, metric="psnr")["value"].tolist() == [math.inf]
    assert rows.find(frame, metric="psnr", condition="all").empty
    assert len(rows.find(frame, source="measured")) == len(rows.find(frame)) == 3
    with pytest.raises(KeyError, match="metrics"):
        rows.find(frame, metrics="psnr")


def test_prose_is_british():
    assert rows.in_prose(rows.ANONYMIZED_GALLERY) == "anonymised gallery"
    assert rows.in_prose(rows.CLEAN_GALLERY) == "clean gallery"
