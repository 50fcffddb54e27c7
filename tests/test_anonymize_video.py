import json
import pathlib
from fractions import Fraction

import av
import cv2
import numpy as np
import processes
import pytest
from clips import draw_scene, faststart, read_video, upscale, walk_in, walking, write_video
from filmed import filmed_walk

from gait_jax import runs
from gait_jax.anonymization.following import LOST
from gait_jax.anonymization.places import find_videos
from gait_jax.anonymize import main
from gait_jax.methods.colourisers.placed import Placed
from gait_jax.runtime.errors import InputError
from tfds_casia.walkers import generation, twin
from tfds_casia.walkers.recording import WalkName

SCENE = np.repeat(np.repeat(draw_scene(), 2, axis=0), 2, axis=1)
MASKS = upscale(walking(30), 2)
FRAMES = walk_in(SCENE, MASKS)


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "walk.mp4", FRAMES, Fraction(30000, 1001), audio="aac")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def run(*arguments):
    """The command line in this process: exit status. Drawn people are nobody to networks."""
    given = [] if "--checkpoint" in arguments else ["--method", "stgan"]
    if not {"--masks", "--segmenter"} & {*arguments}:
        given += ["--segmenter", "background"]
    return main([*map(str, arguments), *given, "--no-progress"])


def command(*arguments):
    """The command line as users run it."""
    return processes.module("gait_jax.anonymize", *arguments)


def test_somebody_else_walks_there_and_it_is_said_what_that_tells(tmp_path, capsys):
    masks = filmed_walk(24)
    clip = write_video(tmp_path / "walk.mp4", walk_in(SCENE, masks))
    cv2.imwrite(str(tmp_path / "background.png"), SCENE)
    arguments = [clip, "--background", tmp_path / "background.png", "--report", tmp_path / "r.json"]
    arguments += ["--segmenter", "background"]
    assert main([*map(str, arguments), "--seed", "1", "--no-progress"]) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    (entry,) = report["videos"]
    assert report["method"] == "stand_in" and entry["anonymized"] == 24
    assert entry["painted_out"] == {} and entry["measures"].keys() == {"bits"}
    (told,) = entry["people"]
    assert told["person"] == 1 and told["frames"] == told["shown"][0] == [0, 23]
    assert told["told"].startswith("at most ") and told["told"].endswith(" / N")
    assert f"  tells of person 1 {told['told']}" in capsys.readouterr().out.splitlines()
    frames, _ = read_video(tmp_path / "walk_anonymized.mp4")
    for frame, mask in zip(frames, masks, strict=True):
        body = np.abs(frame.astype(int) - SCENE).max(axis=2) > 40
        # One whole person, as tall, and in their colour: reddish, as frames are blue, green, red.
        tall, height = (np.ptp(np.flatnonzero(x.any(1))) for x in (body, mask))
        assert 0.7 < tall / height < 1.3
        assert np.abs(np.median(frame[body], axis=0) - (40, 60, 150)).max() < 15


def test_a_video_goes_beside_itself_with_its_times_and_without_its_sound(clip):
    done = command(clip, "--method", "stgan", "--segmenter", "background", "--seed", 1)
    assert done.returncode == 0, done.stderr
    assert "30 frames, 1 person: person 1 shown in all of their frames" in done.stdout
    assert "trained on synthetic data alone" in done.stdout
    out = clip.with_name("walk_anonymized.mp4")
    assert names(clip.parent) == ["walk.mp4", "walk_anonymized.mp4"]
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == Fraction(30000, 1001)
        assert (stream.frames, stream.codec_context.name) == (30, "h264")
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.duration * stream.time_base == Fraction(30 * 1001, 30000)
        assert not container.streams.audio
    # Faststart: the index comes before the pictures.
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    before, after = read_video(clip), read_video(out)
    assert before[1] == after[1] and before[0].shape == after[0].shape
    # A walker is in every frame, and around them is the scene.
    for frame, mask in zip(after[0], MASKS, strict=True):
        off = np.abs(frame.astype(int) - SCENE).max(axis=2) > 40
        assert off.sum() > 0.5 * (mask > 0).sum()
        assert not off[cv2.dilate(mask, np.ones((41, 41))) == 0].any()


def test_report_difference_sound_and_a_part(clip, tmp_path):
    out, report = tmp_path / "out.mp4", tmp_path / "reports" / "r.json"
    part = ("--start", 0.2, "--end", 0.6)
    assert run(clip, "-o", out, "--report", report, "--difference", "--keep-audio", *part) == 0
    entry = json.loads(report.read_text())["videos"][0]
    assert entry["frames"] == 12 and len(entry["people"]) == 1 and entry["painted_out"] == {}
    assert entry["frame_rate"] == "30000/1001" and entry["size"] == [280, 192]
    assert 0.005 < entry["measures"]["distance"] < 0.2
    assert all(value > 0 for value in entry["flicker"].values())
    with av.open(str(out)) as container:
        assert [s.codec_context.name for s in container.streams.audio] == ["aac"]
    difference, _ = read_video(tmp_path / "out_difference.mp4")
    assert difference.shape == (12, 192, 280, 3)
    white = difference[..., 0] > 127
    # What changed lies around the walker, and nowhere else.
    for changed, mask in zip(white, MASKS[6:], strict=False):
        assert 50 < changed.sum() < 1.5 * (mask > 0).sum()


def test_own_masks_say_who_is_where(clip, tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for i, mask in enumerate(MASKS):
        cv2.imwrite(str(folder / f"{i:03d}.png"), mask * (i != 9))
    report = tmp_path / "r.json"
    assert run(clip, "--masks", folder, "--report", report) == 3
    entry = json.loads(report.read_text())["videos"][0]
    assert entry["painted_out"] == {LOST: [[9, 9]]}
    assert entry["anonymized"] == 29
    assert entry["summary"] == ("1 person: person 1 hidden in frame 9 (lost by the segmentation)")
    after = read_video(clip.with_name("walk_anonymized.mp4"))[0][9]
    assert np.abs(after.astype(int) - SCENE).max() < 30


class _Painter:
    """A run of a colour-transfer network that paints everybody red."""

    def colouriser(self):
        def paint(frame, background, original, anonymized):
            result = background.copy()
            result[anonymized > 0] = (250, 10, 10)
            return result

        return Placed(paint)


def test_a_learned_colouriser_works_in_red_green_blue(clip, tmp_path, monkeypatch):
    open_run = runs.open_run

    def opened(workdir, step=None):
        return _Painter() if workdir == tmp_path else open_run(workdir, step)

    monkeypatch.setattr(runs, "open_run", opened)
    assert run(clip, "--colour", "transfer", "--colour-checkpoint", tmp_path, "--seed", 1) == 0
    frames, _ = read_video(clip.with_name("walk_anonymized.mp4"))
    # Frames are read as blue, green, red.
    red = (frames[..., 2].astype(int) - frames[..., 0]) > 120
    assert red.sum(axis=(1, 2)).min() > 500


def test_of_masks_nobody_knows_the_joints_and_heads_are_blurred(clip, tmp_path):
    report = tmp_path / "r.json"
    for faces in ("blur", "keep"):
        given = () if faces == "blur" else ("--faces", faces)
        assert run(clip, "--seed", 1, "--overwrite", "--report", report, *given) == 0
        (entry,) = json.loads(report.read_text())["videos"]
        assert entry["faces"] == faces
        assert entry["coloured_by_nearest"] == entry["anonymized"] > 0


def test_a_given_background_stands_where_the_clip_does_not_show_the_scene(tmp_path):
    # Somebody who stays in their place all the time is part of the median.
    still = upscale(walking(25, start=70, step=0), 2)
    clip = write_video(tmp_path / "a.mp4", walk_in(SCENE, still))
    report = tmp_path / "r.json"
    # What of them moves is painted out; the rest is in the scene.
    assert run(clip, "--report", report) == 3
    warnings = json.loads(report.read_text())["videos"][0]["warnings"]
    assert any("of the background is doubtful" in warning for warning in warnings)
    cv2.imwrite(str(tmp_path / "background.png"), SCENE)
    again = ("--report", report, "--overwrite", "--background", tmp_path / "background.png")
    assert run(clip, *again) == 0
    entry = json.loads(report.read_text())["videos"][0]
    assert entry["warnings"] == [] and entry["anonymized"] == 25


def test_one_frame_shows_the_given_background_and_nobody_as_they_were(tmp_path, capsys):
    # One frame does not make somebody a person: they are hidden, and it is said where.
    clip = write_video(tmp_path / "a.mp4", FRAMES[10:11])
    cv2.imwrite(str(tmp_path / "background.png"), SCENE)
    given = ("--background", tmp_path / "background.png", "--keep-audio")
    assert run(clip, *given) == 3
    after = read_video(tmp_path / "a_anonymized.mp4")[0]
    assert len(after) == 1
    assert np.abs(after.astype(int) - SCENE).max() < 30
    printed = capsys.readouterr().out
    assert "painted out in 1 frame: " in printed
    assert "  it has no sound: the result has none" in printed.splitlines()


def test_a_seed_repeats_and_none_does_not(clip, tmp_path):
    results = []
    for i, seed in enumerate([("--seed", 5), ("--seed", 5), (), ()]):
        assert run(clip, "-o", tmp_path / f"{i}.mp4", *seed, "--end", 0.4) == 0
        results.append(read_video(tmp_path / f"{i}.mp4")[0])
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any() and (results[2] != results[3]).any()


def test_folders_patterns_and_results_of_before(clip, tmp_path, capsys):
    inner = tmp_path / "more"
    inner.mkdir()
    for path in (tmp_path / "b.avi", inner / "c.MP4", tmp_path / "old_anonymized.mp4",
                 tmp_path / "x_anonymized_by_hand.mp4", tmp_path / "._walk.mp4"):  # fmt: skip
        path.write_bytes(clip.read_bytes())
    (tmp_path / "notes.txt").write_text("no video")
    for arguments, expected in [
        (([str(tmp_path)],), ["b.avi", "walk.mp4", "x_anonymized_by_hand.mp4"]),
        (
            ([str(tmp_path)], True),
            ["b.avi", "c.MP4", "walk.mp4", "x_anonymized_by_hand.mp4"],
        ),
        (([str(tmp_path / "*.mp4"), str(clip)],), ["walk.mp4", "x_anonymized_by_hand.mp4"]),
    ]:
        found, left_out = find_videos(*arguments)
        assert [path.name for path in found] == expected
        assert [path.name for path in left_out] == ["old_anonymized.mp4"]
    # What is named itself is meant.
    old = tmp_path / "old_anonymized.mp4"
    assert find_videos([str(old)]) == ([old], [])
    with pytest.raises(InputError, match=r"old\* holds nothing but results .*, such as old_anon"):
        find_videos([str(tmp_path / "old*")])
    with pytest.raises(InputError, match="holds no video: give another folder, or --recursive"):
        (tmp_path / "empty").mkdir()
        find_videos([str(tmp_path / "empty")])
    before = names(tmp_path)
    assert run(tmp_path, "-o", tmp_path / "out", "--dry-run") == 0
    assert names(tmp_path) == before
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"left out, as results of before: {old}"
    assert printed[2] == f"{clip} (280×192) → {tmp_path / 'out' / 'walk_anonymized.mp4'}"


def test_one_bad_video_among_good_ones_is_named_and_fails_the_command(clip, tmp_path, capsys):
    (tmp_path / "bad.mp4").write_bytes(clip.read_bytes()[:2000])
    report = tmp_path / "r.json"
    assert run(tmp_path, "-o", tmp_path / "out", "--end", 0.2, "--report", report) == 1
    assert names(tmp_path / "out") == ["walk_anonymized.mp4"]
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1 and "bad.mp4 cannot be read as a video (" in error[0]
    videos = json.loads(report.read_text())["videos"]
    assert [video["output"] is None for video in videos] == [True, False]


def test_an_interruption_leaves_no_half_video(clip, monkeypatch, capsys):
    from gait_jax.video.writer import VideoWriter

    def interrupted(self, image, pts, duration):
        raise KeyboardInterrupt

    monkeypatch.setattr(VideoWriter, "write", interrupted)
    assert run(clip, "--difference") == 130
    assert capsys.readouterr().err.splitlines()[-1] == "gait_jax.anonymize: stopped by Ctrl-C"
    assert names(clip.parent) == ["walk.mp4"]


def test_errors_are_one_line_and_nothing_is_written(clip, tmp_path, capsys):
    done = pathlib.Path(tmp_path / "done.mp4")
    done.write_bytes(b"")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "walk.avi").write_bytes(clip.read_bytes())
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((4, 4), np.uint8))
    short = write_video(tmp_path / "short.mp4", FRAMES[:5])
    slow = write_video(tmp_path / "slow.mp4", FRAMES[:13])
    data = faststart(write_video(tmp_path / "cut.mp4", FRAMES)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 3 // 5])
    blocked = done / "inside" / "r.json"
    before = names(tmp_path)
    for arguments, message in [
        (
            (clip, "--report", blocked),
            "r.json cannot be written (Not a directory): choose another --r",
        ),
        (
            (clip, "-o", blocked.with_suffix(".mp4")),
            "cannot be written (Not a directory): choose a",
        ),
        (
            (clip, "--report", tmp_path / "sub", "--overwrite"),
            "sub is a folder: choose another --r",
        ),
        ((clip, "-o", tmp_path / ("long" * 70 + ".mp4")), "cannot be written (File name too long)"),
        ((short,), "short.mp4 has 5 frames, too few to tell people from the scene: give a picture"),
        ((slow,), "slow.mp4 has 13 frames, too few"),
        ((slow, "-o", tmp_path / "made" / "for" / "it"), "slow.mp4 has 13 frames, too few"),
        ((tmp_path / "cut.mp4",), "cut.mp4 breaks off after 0."),
        ((tmp_path / "none.mp4",), "is not a folder, a file or a pattern"),
        ((clip, "-o", done), "done.mp4 exists: choose another name, or give --overwrite"),
        ((clip, "-o", tmp_path / "a.gif"), "give a name that ends in .mp4"),
        ((clip, "-o", clip, "--overwrite"), "is an input: choose another -o"),
        ((clip, tmp_path / "sub" / "walk.avi", "-o", tmp_path / "out"), "would both become"),
        ((clip, "--start", 5, "--end", 2), "the end must lie after the start"),
        ((clip, "--start", 100), "has no frame between 100 and inf seconds"),
        ((clip, "--background", tmp_path / "none.png"), "cannot be read as a picture"),
        ((clip, "--background", tmp_path / "small.png"), "small.png is 4×4, and the clip 280×192"),
        ((clip, "--segmenter", "magic"), "segmenter 'magic' is not known"),
        ((clip, "--masks", tmp_path, "--segmenter", "background"), "give one of them"),
        ((clip, "--masks", tmp_path / "sub"), "holds 0 PNGs, and the clip has 30 frames"),
        ((clip, "--checkpoint", tmp_path), "is no training run"),
        ((clip, "--colour", "transfer"), "no such network ships with gait_jax"),
        ((clip, "--colour-checkpoint", tmp_path), "go together"),
        (
            (clip, "--colour", "transfer", "--colour-checkpoint", tmp_path),
            "is no training run",
        ),
    ]:
        assert run(*arguments) == 1, arguments
        error = capsys.readouterr().err.splitlines()
        assert len(error) == 1 and message in error[0], error
        assert names(tmp_path) == before, arguments


def test_networks_that_were_not_fetched_are_asked_for_before_the_work(clip, monkeypatch, capsys):
    monkeypatch.setenv("GAIT_JAX_CACHE", str(clip.parent / "none"))
    assert main([str(clip), "--no-progress"]) == 1
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.endswith("is missing: run python -m gait_jax.fetch")
    # Of a model that made nothing there is nothing to say.
    assert printed.out == ""
    assert names(clip.parent) == ["walk.mp4"]


def test_by_default_networks_find_people(tmp_path):
    _, masks, pictures, _ = twin.film(0, WalkName(1, "nm", 1), 90, body_of=1)
    middle = len(masks) // 2
    clip = write_video(tmp_path / "walk.mp4", pictures[middle - 6 : middle + 6])
    report = tmp_path / "r.json"
    assert main([str(clip), "--report", str(report), "--seed", "1", "--no-progress"]) in (0, 3)
    (entry,) = json.loads(report.read_text())["videos"]
    assert entry["segmenter"] == "people" and entry["background_filled"] > 0.001
    # By part of the body: the network sees joints.
    assert (entry["colour"], entry["coloured_by_nearest"], entry["anonymized"] > 0) == (
        "parts",
        0,
        True,
    )
    (person,) = entry["people"]
    assert person["frames"] == [0, 11]
    frames, _ = read_video(tmp_path / "walk_anonymized.mp4")
    # Twelve frames never show what is behind somebody: nobody stands there as they were.
    scene = generation.scene_of(0, 1, 90).background
    for i, frame in enumerate(frames, middle - 6):
        mask, picture = masks[i], pictures[i]
        body = mask > 0
        gone = np.abs(frame[body].astype(int) - picture[body]).max(axis=-1) > 12
        seen = np.abs(scene[body].astype(int) - picture[body]).max(axis=-1) > 40
        assert gone[seen].mean() > 0.3


def test_a_tree_of_silhouettes_takes_no_flags_for_videos(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "1.png"), MASKS[0])
    assert run(tmp_path / "in", "-o", tmp_path / "out", "--keep-audio", "--start", 1) == 1
    assert "leave out --segmenter, --start, --keep-audio" in capsys.readouterr().err
    assert main([str(tmp_path / "in")]) == 1
    assert "give the folder to write with -o" in capsys.readouterr().err
