"""The page that clips are rated on: who sees what, what is in its files, what is refused."""

import collections
import json
import os
import re

import av
import numpy as np
import processes
import pytest
from clips import draw_scene, read_video, walk_in, walking, write_video
from opinions import METHODS, write_clips

from gait_jax.evaluation.mos import clips, library, page, plan
from gait_jax.evaluation.mos.clips import ORIGINAL, Label
from gait_jax.evaluation.mos.key import Key
from gait_jax.mos import main
from gait_jax.runtime.errors import InputError

RNG = np.random.default_rng


def labels(method, people, views):
    return [
        Label(method, f"{k:03d}", "nm", 1, view) for k in range(1, people + 1) for view in views
    ]


def test_a_rater_sees_as_many_clips_of_each_method_and_view():
    views = range(0, 181, 18)
    all_of_them = labels("one", 20, views) + labels("two", 20, views) + labels(ORIGINAL, 20, views)
    drawn = plan.make(all_of_them, 60, 4, RNG(0))
    assert len(drawn.sheets) == plan.SHEETS
    for sheet in drawn.sheets:
        assert len(set(sheet)) == 60
        for method in ("one", "two"):
            counts = collections.Counter(one.view for one in sheet if one.method == method)
            # 30 = 8 · 3 + 3 · 2.
            assert sorted(counts.values()) == [2] * 3 + [3] * 8
    # Over all raters no clip is much more seen than another one.
    used = collections.Counter(label for sheet in drawn.sheets for label in sheet)
    asked = {label for group in drawn.fours for label in group}
    rated = {one for one in all_of_them if one.method != ORIGINAL and one not in asked}
    assert used.keys() == rated and max(used.values()) - min(used.values()) <= 2


def test_methods_may_be_many_and_clips_few():
    three = labels("a", 4, (0, 90)) + labels("b", 4, (0, 90)) + labels("c", 2, (0, 90))
    drawn = plan.make(three, 60, 0, RNG(0))
    for sheet in drawn.sheets:
        assert collections.Counter(one.method for one in sheet) == {"a": 4, "b": 4, "c": 4}
    assert plan.make(three, 7, 0, RNG(0)).sheets[0] != drawn.sheets[0]
    # Where everybody sees everything there is one selection.
    both = labels("a", 2, (0, 90)) + labels("b", 2, (0, 90))
    assert [sorted(sheet) for sheet in plan.make(both, 60, 0, RNG(0)).sheets] == [sorted(both)]
    with pytest.raises(InputError, match="2 clips a rater are fewer than the 3 methods"):
        plan.make(three, 2, 0, RNG(0))


def test_of_four_one_is_no_original_and_nobody_stands_there_twice():
    views = (0, 90, 180)
    all_of_them = labels("one", 6, views) + labels("two", 6, views) + labels(ORIGINAL, 6, views)
    drawn = plan.make(all_of_them, 8, 6, RNG(1))
    changed = []
    for group in drawn.fours:
        (one,) = (label for label in group if label.method != ORIGINAL)
        changed.append(one)
        assert len(group) == 4 and len({label.view for label in group}) == 1
        assert len({label.subject for label in group}) == 4
    assert collections.Counter(one.method for one in changed) == {"one": 3, "two": 3}
    # There are clips enough not to rate what is asked about.
    assert not {*changed} & {label for sheet in drawn.sheets for label in sheet}
    # Of other views and the same people where there is nothing else.
    few = labels("one", 1, (0,)) + labels(ORIGINAL, 1, (18, 36, 54))
    (group,) = plan.make(few, 1, 1, RNG(0)).fours
    assert sorted(group) == sorted(few)
    with pytest.raises(InputError, match="need 3 originals or more, and there are 2"):
        plan.make(few[:-1], 1, 1, RNG(0))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return write_clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def made(folders, tmp_path_factory):
    """The page that the command line wrote: (its folder, its key, what was said)."""
    out = tmp_path_factory.mktemp("made") / "page"
    done = processes.module(
        "gait_jax.mos", "page", *folders, "-o", out, "--clips-per-rater", 4, "--odd-one-out", 2
    )
    assert done.returncode == 0, done.stderr
    return out, Key.load(out.with_name("page.key.json")), done.stdout


def test_the_page_holds_everything_and_says_nothing_of_methods(made, folders):
    out, key, said = made
    assert said.splitlines() == [
        f"{out}/index.html: 2 clips a rater of each of one, two, 2 sets of four",
        f"{out}.key.json: which clip is which, not for raters",
    ]
    assert sorted(os.listdir(out.parent)) == ["page", "page.key.json"]
    assert sorted(os.listdir(out / "clips")) == [f"{name}.mp4" for name in sorted(key.clips)]
    assert page.read_study(out) == key.page
    told = json.loads((out / "study.js").read_text().removeprefix("window.STUDY = ")[:-2])
    assert told == {"page": key.page, "sheets": key.sheets, "fours": key.fours}
    # Sorted by names that were drawn: the order says nothing.
    assert all(group == sorted(group) for group in told["sheets"] + told["fours"])
    for sheet in key.sheets:
        shown = collections.Counter(key.clips[name].method for name in sheet)
        assert shown == {"one": 2, "two": 2}
    for path in out.rglob("*"):
        text = path.read_bytes() if path.is_file() and path.suffix in (".mp4", ".js") else b""
        if path.name != "jspsych.js":
            assert not re.search(rb"00[1-3]-nm|\bone\.|/two/", text), path
    # Nothing on the page is fetched from elsewhere.
    index = (out / "index.html").read_text()
    for name in re.findall(r'(?:src|href)="([^"]+)"', index):
        assert name == "data:," or (out / name).is_file()
    assert "://" not in index + (out / "mos.js").read_text() + (out / "mos.css").read_text()
    # The pictures are those of the clip.
    name = key.sheets[0][0]
    label = key.clips[name]
    source = next(folder for folder in folders if folder.name == label.method)
    given = source / f"{label.subject}-nm-01-{label.view:03d}.mp4"
    images = [read_video(path)[0].astype(int) for path in (given, out / "clips" / f"{name}.mp4")]
    assert np.abs(images[0] - images[1]).mean() < 3


def test_a_seed_makes_the_same_page_again_and_none_another(folders, tmp_path):
    found = []
    for i, seed in enumerate((5, 5, 6, None)):
        out, key = tmp_path / str(i), tmp_path / f"{i}.json"
        page.make([*map(str, folders)], out, key, 4, seed=seed, progress=False)
        found.append((out / "study.js").read_text())
    assert found[0] == found[1] and len({*found}) == 3
    # Originals are there: some sets of four are asked about without a word.
    assert len(Key.load(tmp_path / "0.json").fours) == 8


def test_all_that_ffmpeg_reads_becomes_what_browsers_play(tmp_path):
    (tmp_path / "one").mkdir()
    drawn = walk_in(draw_scene(), walking(5))
    write_video(tmp_path / "one" / "a-bg-2-18.avi", drawn, codec="mpeg4")
    write_video(tmp_path / "one" / "a-bg-2-36_anonymized.mp4", drawn, audio="aac")
    (tmp_path / "one" / ".DS_Store").touch()
    page.make([f"A B={tmp_path / 'one'}"], tmp_path / "p", tmp_path / "k", 9, progress=False)
    key = Key.load(tmp_path / "k")
    assert sorted(key.clips.values()) == [
        Label("A B", "a", "bg", 2, 18), Label("A B", "a", "bg", 2, 36),
    ]  # fmt: skip
    for name in key.clips:
        with av.open(str(tmp_path / "p" / "clips" / f"{name}.mp4")) as container:
            (stream,) = container.streams
            assert (stream.codec_context.name, stream.frames) == ("h264", 5)
            assert stream.codec_context.pix_fmt == "yuv420p"


def test_what_tells_folders_apart_is_said(tmp_path, capsys):
    first, second = write_clips(tmp_path / "a", 1, (0,), ("one", "two"))
    write_video(second / "001-nm-01-000.mp4", walk_in(draw_scene(96, 150), [np.zeros((96, 150))]))
    assert main(["page", str(first), str(second), "-o", str(tmp_path / "p"), "--no-progress"]) == 0
    assert "differ between folders: that tells them apart" in capsys.readouterr().err


def _refused(capsys, *arguments):
    assert main(["page", *map(str, arguments), "--no-progress"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_bad_input_costs_a_line_and_leaves_nothing(folders, tmp_path, capsys):
    bad = tmp_path / "bad"
    bad.mkdir()
    out = tmp_path / "page"
    refused = lambda *arguments: _refused(capsys, *arguments, "-o", out)  # noqa: E731
    assert f"{bad} holds no clip" in refused(bad)
    (bad / "walk.mp4").touch()
    assert "walk.mp4 is no clip: name it SUBJECT-CONDITION-NUMBER-VIEW" in refused(bad)
    (bad / "walk.mp4").rename(bad / "001-nm-01-090.mp4")
    assert "001-nm-01-090.mp4 cannot be read as a video" in refused(bad)
    (bad / "001-nm-1-90.avi").touch()
    assert "001-nm-01-090.mp4 shows what 001-nm-1-90.avi does" in refused(bad)
    assert "nowhere cannot be read" in refused(tmp_path / "nowhere")
    assert "one is given twice" in refused(folders[1], f"one={folders[2]}")
    assert "nothing is to be rated but originals" in refused(folders[0])
    assert "sets of four need 3 originals" in refused(*folders[1:], "--odd-one-out", 1)
    assert "lies in the page" in refused(folders[1], "--key", out / "key.json")
    # Of the folder that one is in, the key would lie within.
    assert "lies in the page" in _refused(capsys, folders[1], "-o", ".")
    assert sorted(os.listdir(tmp_path)) == ["bad"]
    (tmp_path / "page.key.json").touch()
    assert "page.key.json is there already" in refused(folders[1])
    out.mkdir()
    (out / "mine").touch()
    assert "not empty" in refused(folders[1], "--key", tmp_path / "other.json")
    assert sorted(os.listdir(tmp_path)) == ["bad", "page", "page.key.json"]
    with pytest.raises(SystemExit):
        main(["page", str(folders[1]), "-o", str(out), "--clips-per-rater", "0"])
    assert "use a whole number from 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("sheets"),
        lambda value: value.update(page=3),
        lambda value: value["sheets"].append(["nobody"]),
        lambda value: value["fours"].append(value["fours"][0][:3]),
        lambda value: next(iter(value["clips"].values())).update(view="90"),
        lambda value: value.update(clips=[]),
    ],
)
def test_a_damaged_key_is_refused(made, tmp_path, change):
    value = json.loads(made[0].with_name("page.key.json").read_text())
    change(value)
    (tmp_path / "k.json").write_text(json.dumps(value))
    with pytest.raises(InputError, match="k.json cannot be read"):
        Key.load(tmp_path / "k.json")


def test_the_library_is_the_recorded_one(tmp_path, monkeypatch):
    found = dict(library.files())
    told = json.loads((library.FOLDER / library.VERSIONS).read_text())
    assert {about["package"] for about in told.values()} == {
        "jspsych", "@jspsych/plugin-html-button-response", "@jspsych/plugin-survey-html-form",
    }  # fmt: skip
    assert found.keys() == {*told, "LICENSE"}
    assert sorted(os.listdir(library.FOLDER)) == sorted([*found, library.VERSIONS])
    for name, about in told.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", about["version"])
        # Each says which version it is.
        assert about["version"].encode() in found[name]
    assert b"Joshua R. de Leeuw" in found["LICENSE"] and b"Permission is hereby" in found["LICENSE"]
    for name, data in found.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / library.VERSIONS).write_text(json.dumps(told))
    (tmp_path / "jspsych.js").write_bytes(found["jspsych.js"] + b" ")
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="jspsych.js is damaged"):
        dict(library.files())


def test_the_names_of_methods_are_those_of_the_folders(folders):
    found = clips.find([*map(str, folders)])
    assert [*dict.fromkeys(label.method for label in found)] == sorted(METHODS)
    assert len(found) == 18
