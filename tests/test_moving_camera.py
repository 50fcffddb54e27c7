import json

import cv2
import numpy as np
import pytest
from clips import read_video, walking, write_video
from filmed import filmed_walk
from moved import place, shift, view

from gait_jax.anonymize import main

PLACE = place(400, 900)
GIVEN = ["--segmenter", "background", "--method", "stgan", "--no-progress"]


def filmed(matrices, masks):
    """Frames of a camera that moves, with somebody before it who moves along."""
    frames = []
    for i, (matrix, mask) in enumerate(zip(matrices, masks, strict=True)):
        frame = view(PLACE, matrix, seed=i)
        mask = cv2.warpPerspective(mask, matrix, mask.shape[::-1])
        frame[mask > 127] = (40, 60, 190)
        frames.append(frame)
    return frames


@pytest.fixture(scope="module")
def shaken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shaken")
    shake = np.random.default_rng(2).normal(0, 2.0, (30, 2))
    masks = filmed_walk(30, speed=1.8)
    frames = filmed([shift(*by) for by in shake], masks)
    frames[12] = view(place(400, 900, seed=5), shift(0))
    return write_video(folder / "walk.mp4", frames), frames


def test_a_result_moves_as_the_original_does(shaken, tmp_path):
    clip, frames = shaken
    report, out = tmp_path / "report.json", tmp_path / "out.mp4"
    status = main([str(clip), "-o", str(out), "--report", str(report), "--difference", *GIVEN])
    (entry,) = json.loads(report.read_text())["videos"]
    assert status == 3 and entry["camera"] == "moves"
    # One person, hidden where the camera shows another scene for a moment.
    (person,) = entry["people"]
    assert [[12, 12]] in person["hidden"].values()
    assert sum(last - first + 1 for first, last in person["shown"]) >= 27
    results, _ = read_video(out)
    off = []
    for index, (frame, result) in enumerate(zip(frames, results, strict=True)):
        apart = cv2.absdiff(frame, result).mean(axis=2)
        # Left and right of wherever somebody is.
        nobody = cv2.dilate((apart > 40).astype(np.uint8), np.ones((25, 25))) == 0
        if index != 12:
            assert nobody.mean() > 0.6
            grey, made = (cv2.cvtColor(x, cv2.COLOR_BGR2GRAY) for x in (frame, result))
            moved = [made, *(np.roll(made, by, axis) for by in (1, -1) for axis in (0, 1))]
            off.append([cv2.absdiff(grey, one)[nobody].mean() for one in moved])
    # A pixel to any side would be seen.
    off = np.array(off)
    assert off[:, 0].max() < 2.4 and off[:, 1:].min() > 2.8
    # The scene does not count as changed.
    changed, _ = read_video(tmp_path / "out_difference.mp4")
    assert (changed[3] > 127).mean() < 0.2


def test_a_given_background_does_not_go_with_a_moving_camera(shaken, tmp_path, capsys):
    clip, frames = shaken
    cv2.imwrite(str(tmp_path / "scene.png"), frames[0])
    assert main([str(clip), "--background", str(tmp_path / "scene.png"), *GIVEN]) == 1
    assert "scene.png was taken from one place: leave --background away" in capsys.readouterr().err


def test_a_fast_turn_is_refused_and_the_part_before_it_is_not(tmp_path, capsys):
    masks = walking(60, step=3)
    masks = [cv2.resize(mask, (280, 192), interpolation=cv2.INTER_NEAREST) for mask in masks]
    turned = [shift(150 - 14.0 * max(0, i - 34)) for i in range(60)]
    frames = []
    for i, (matrix, mask) in enumerate(zip(turned, masks, strict=True)):
        frames.append(view(PLACE, matrix, seed=i))
        frames[-1][mask > 0] = (40, 60, 190)
    clip = write_video(tmp_path / "turn.mp4", frames)
    assert main([str(clip), "-o", str(tmp_path / "out.mp4"), *GIVEN]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert (
        "the camera moves too far for one scene; it stands, or moves little, from 0.0 to " in line
    )
    assert not (tmp_path / "out.mp4").exists()
    part = ["--start", "0.0", "--end", "1.3", "--report", str(tmp_path / "report.json")]
    assert main([str(clip), "-o", str(tmp_path / "out.mp4"), *part, *GIVEN]) in (0, 3)
    (entry,) = json.loads((tmp_path / "report.json").read_text())["videos"]
    assert entry["camera"] == "stands" and len(entry["people"]) == 1
