"""Who is shown: previews with people's numbers, and people who are chosen by them."""

import base64
import json
import re

import cv2
import numpy as np
import pytest
from clips import draw_scene, read_video, upscale, walk_in, walking, write_video

from gait_jax.anonymization import previews
from gait_jax.anonymization.accounts import NOT_CHOSEN
from gait_jax.anonymization.following import Followed
from gait_jax.anonymization.options import Options
from gait_jax.anonymization.previews import chosen_frames
from gait_jax.anonymize import main

SCENE = np.repeat(np.repeat(draw_scene(), 2, axis=0), 2, axis=1)
REDDISH = np.array((40, 60, 150))
# Two people: the left one is cut by the border at first, and so is seen as a person later.
LEFT = upscale(walking(25, start=12, step=1, tall=56), 2)
RIGHT = upscale(walking(25, start=120, step=-1, tall=56), 2)


def run(*arguments):
    given = ["--segmenter", "background", "--no-progress"]
    if "--preview" not in arguments:
        given += ["--method", "stgan"]
    return main([*map(str, arguments), *given])


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two people who cross a scene, at different times where they would touch."""
    masks = [np.zeros_like(LEFT[0])] * 3 + [
        np.where(np.arange(280) < 140, left, right) for left, right in zip(LEFT, RIGHT, strict=True)
    ]
    folder = tmp_path_factory.mktemp("two")
    path = write_video(folder / "walk.mp4", walk_in(SCENE, masks))
    cv2.imwrite(str(folder / "scene.png"), SCENE)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_frames_of_a_preview_are_spread_and_show_everybody():
    whose = {
        1: Followed(1, 0, 99, seen=set(range(100))),
        2: Followed(4, 10, 14, seen={10, 11, 12, 14}),
    }
    # The middles of six equal parts, and the middle of the frames of whom they do not show.
    assert chosen_frames(120, {1: whose[1]}) == [10, 30, 50, 70, 90, 110]
    whose[2].seen.discard(10)
    assert chosen_frames(120, whose) == [10, 12, 30, 50, 70, 90, 110]
    assert chosen_frames(1, {}) == [0]
    assert chosen_frames(4, {}) == [0, 1, 2, 3]
    many = {n: Followed(n, n, n, seen={n}) for n in range(1, 120)}
    assert len(chosen_frames(120, many)) == 24


def test_a_drawn_person_is_a_flat_patch_with_a_number_above():
    corners = previews._corners(np.ones((40, 20), np.uint8), (100, 60))
    assert sorted(map(tuple, corners[:, 0])) == [(100, 60), (100, 99), (119, 60), (119, 99)]
    grey = np.full((120, 200, 3), 90, np.uint8)
    picture = previews.draw(grey, [previews._Patch(7, corners)], "frame 3")
    assert (grey == 90).all()
    inside = picture[63:97, 103:117].reshape(-1, 3)
    assert len(np.unique(inside, axis=0)) == 1 and not (inside[0] == 90).all()
    changed = (picture != 90).any(axis=2)
    # Above their middle the number, in the corner the frame's.
    assert changed[40:58, 104:116].any() and changed[-25:, :60].any()
    changed[-25:, :90] = changed[36:102, 98:122] = False
    assert not changed.any()
    # Large pictures are made smaller.
    assert previews.draw(np.zeros((100, 1280, 3), np.uint8), [], "x").shape == (50, 640, 3)


def test_somebody_is_shown_if_chosen_and_not_left_out():
    assert all(map(Options().shows, (1, 2)))
    assert list(map(Options(only=frozenset({2})).shows, (1, 2, 3))) == [False, True, False]
    assert list(map(Options(left_out=frozenset({2})).shows, (1, 2, 3))) == [True, False, True]


def test_a_preview_numbers_people_and_shows_nobody(clip, tmp_path, capsys):
    out = tmp_path / "p.png"
    assert run(clip, "--preview", "-o", out, "--background", clip.parent / "scene.png") == 0
    assert capsys.readouterr().out.splitlines() == [f"{out}: 2 people, numbered from 1"]
    assert names(tmp_path) == ["p.png"]
    picture = cv2.imread(str(out))
    # Six frames in rows of three, each with a rim.
    assert picture.shape == (2 * 196, 3 * 284, 3)
    # What the scene shows stays, and the colour of their clothes is nowhere.
    assert (np.abs(picture[2:194, 2:282].astype(int) - SCENE).max(axis=2) < 6).mean() > 0.6
    assert (np.abs(picture.astype(int) - REDDISH).max(axis=2) < 12).sum() < 20


def test_a_preview_says_that_somebody_may_stand_in_the_scene(tmp_path, capsys):
    still = upscale(walking(25, start=70, step=0), 2)
    clip = write_video(tmp_path / "a.mp4", walk_in(SCENE, still))
    assert run(clip, "--preview") == 0
    _, line = capsys.readouterr().out.splitlines()
    assert "of the background is doubtful: somebody may stand in it as they were" in line
    assert names(tmp_path) == ["a.mp4", "a_preview.png"]


def _pictures(page):
    """(person, picture) of all that a page shows."""
    found = re.findall(r'alt="person (\d+), frame \d+" src="data:image/jpeg;base64,([^"]+)"', page)
    return [
        (int(person), cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), 1))
        for person, data in found
    ]


def test_who_is_not_chosen_is_painted_out_and_listed(clip, tmp_path, capsys):
    report, page, scene = tmp_path / "r.json", tmp_path / "r.html", clip.parent / "scene.png"
    shared = ("--background", scene, "--seed", 1, "--overwrite", "--report", report)
    shared += ("--report", page)
    halves = []
    for i, choice in enumerate([("--only", "1"), ("--except", "1")]):
        out = tmp_path / f"{i}.mp4"
        assert run(clip, "-o", out, *choice, *shared) == 0
        (entry,) = json.loads(report.read_text())["videos"]
        shown, hidden = entry["people"] if i == 0 else entry["people"][::-1]
        assert shown["hidden"] == {} and shown["shown"] == [shown["frames"]]
        assert hidden["shown"] == [] and hidden["hidden"] == {NOT_CHOSEN: [hidden["frames"]]}
        assert entry["painted_out"] == {NOT_CHOSEN: [[3, 27]]}
        assert f"person {hidden['person']} not chosen" in entry["summary"]
        cuts = _pictures(page.read_text())
        assert len(cuts) == 12
        for person, cut in cuts:
            body = np.abs(cut.astype(int) - REDDISH).max(axis=2) < 40
            # Where they stood: at its sides, a window may show the other one.
            third = body.shape[1] // 3
            stood = body[:, third:-third].any()
            assert 0.05 < body.mean() < 0.4 if person == shown["person"] else not stood
        differs = np.abs(read_video(out)[0].astype(int) - SCENE).max(axis=3) > 40
        halves.append((differs[..., :140].sum(), differs[..., 140:].sum()))
    # Each time one half shows somebody, and the other one the scene alone.
    assert sorted(map(min, halves)) == [0, 0]
    assert all(max(half) > 25 * 500 for half in halves)
    assert np.argmax(halves[0]) != np.argmax(halves[1])


def test_what_cannot_be_chosen_costs_a_line_and_writes_nothing(clip, tmp_path, capsys):
    other = tmp_path / "b.mp4"
    other.write_bytes(clip.read_bytes())
    given = ("-o", tmp_path / "out.mp4", "--background", clip.parent / "scene.png")
    for arguments, message in [
        ((clip, *given, "--only", "2,5,9"), "has people 1 to 2, and no person 5, 9: see their num"),
        ((clip, *given, "--except", "3"), "walk.mp4 has people 1 to 2, and no person 3: see"),
        ((clip, *given, "--only", 1, "--except", 2), "two ways to choose people: give one"),
        ((clip, other, "--only", 1), "--only belong to one video: anonymise the videos one by"),
        ((clip, "--preview", "--only", 1), "--preview anonymises nobody: leave out --only"),
        ((clip, "--preview", "-o", tmp_path / "a.mp4"), "give a name that ends in .png"),
    ]:
        assert run(*arguments) == 1, arguments
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
        assert names(tmp_path) == ["b.mp4"] and "walk_preview.png" not in names(clip.parent)
    for text in ("0", "1,", "one", "-1"):
        with pytest.raises(SystemExit):
            run(clip, f"--only={text}")
        assert f"'{text}' is no list of people's numbers" in capsys.readouterr().err
