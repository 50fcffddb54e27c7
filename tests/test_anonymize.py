import json

import cv2
import jax
import numpy as np
import processes
import pytest
from drawn import HEIGHT, WIDTH, draw_person, draw_walk, write_walk
from filmed import filmed_walk

from gait_jax import runs
from gait_jax.anonymization.trees import anonymize_tree
from gait_jax.gait import silhouette
from gait_jax.methods.anonymizers import contours
from gait_jax.methods.contracts import NO_OUTLINE, UNCHANGED, UNREADABLE, Anonymizer
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.keys import random_key


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.fixture
def tree(tmp_path):
    """Two walks: one whole, one with every kind of frame that cannot be anonymised."""
    root = tmp_path / "in"
    write_walk(root / "a" / "nm-01", "a", draw_walk(6))
    damaged = root / "b"
    write_walk(damaged, "b", draw_walk(4))
    cv2.imwrite(str(damaged / "b-005.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    cv2.imwrite(str(damaged / "b-006.png"), draw_person(0.5, x=1))
    (damaged / "b-007.png").write_bytes(b"\x89PNG and no more")
    (damaged / "b-008.png").write_bytes(b"")
    (damaged / "notes.txt").write_text("from the camera")
    return root


def test_the_same_tree_comes_out_and_what_cannot_be_anonymised_is_empty(
    tree, trained_run, tmp_path
):
    out = tmp_path / "out"
    report = anonymize_tree(tree, out, trained_run, seed=0, progress=False)

    found = sorted(str(p.relative_to(out)) for p in out.rglob("*.png"))
    assert found == sorted(str(p.relative_to(tree)) for p in tree.rglob("*.png"))
    for name in found:
        assert read(out / name).shape == (HEIGHT, WIDTH)
        assert set(np.unique(read(out / name))) <= {0, 255}
    assert not (out / "b" / "notes.txt").exists()
    assert report["not_carried_over"] == ["b/notes.txt"]

    whole, damaged = report["sequences"]
    assert (whole["name"], whole["frames"], whole["anonymized"]) == ("a/nm-01", 6, 6)
    assert damaged["written_empty"] == {
        silhouette.NO_PERSON: ["b-005.png"],
        silhouette.CUT_OFF: ["b-006.png"],
        UNREADABLE: ["b-007.png", "b-008.png"],
    }
    for name in ("b-005.png", "b-006.png", "b-007.png", "b-008.png"):
        assert not read(out / "b" / name).any()
    assert report["totals"] == {
        "sequences": 2,
        "frames": 14,
        "anonymized": 10,
        "empty: no person": 1,
        "empty: person cut off by the border": 1,
        "empty: unreadable": 2,
    }
    assert json.loads((out / "report.json").read_text()) == report
    assert report["complete"] is True


def test_frames_come_in_the_order_of_their_numbers_without_what_macos_left(
    trained_run, tmp_path, monkeypatch
):
    seen = []
    call = Anonymizer.__call__

    def look(self, masks, key):
        seen.append(masks)
        return call(self, masks, key)

    monkeypatch.setattr(Anonymizer, "__call__", look)
    walk = draw_walk(12)
    root = tmp_path / "in" / "p1"
    for folder in (root, tmp_path / "in" / "__MACOSX" / "p1"):
        folder.mkdir(parents=True)
    for i, mask in enumerate(walk):
        cv2.imwrite(str(root / f"{i}.png"), mask)
        (root / f"._{i}.png").write_bytes(b"of macOS")
        (tmp_path / "in" / "__MACOSX" / "p1" / f"._{i}.png").write_bytes(b"of macOS")
    (root / ".DS_Store").write_bytes(b"of macOS")
    (root / "Thumbs.db").write_bytes(b"of Windows")
    report = anonymize_tree(tmp_path / "in", tmp_path / "out", trained_run, 0, progress=False)
    assert report["totals"] == {"sequences": 1, "frames": 12, "anonymized": 12}
    assert report["not_carried_over"] == []
    np.testing.assert_array_equal(seen[0], [mask // 255 for mask in walk])
    assert len(list((tmp_path / "out").rglob("*.png"))) == 12


def test_no_frame_leaves_as_it_was_and_each_stands_where_it_stood(tree, trained_run, tmp_path):
    anonymize_tree(tree, tmp_path / "out", trained_run, seed=0, progress=False)
    for path in sorted((tree / "a" / "nm-01").glob("*.png")):
        before, after = read(path), read(tmp_path / "out" / path.relative_to(tree))
        assert after.any() and not np.array_equal(before, after)
        x, y, width, height = cv2.boundingRect(before)
        rows, columns = np.nonzero(after)
        # An untrained generator draws something near the body's middle.
        assert x - width <= columns.mean() <= x + 2 * width
        assert y <= rows.mean() <= y + height


def test_a_seed_repeats_and_none_does_not(tree, trained_run):
    run = runs.open_run(trained_run).anonymizer()
    masks = [mask // 255 for mask in draw_walk(3)]
    first = run(masks, random_key(7)).measures["distance"]
    assert run(masks, random_key(7)).measures["distance"] == first
    assert run(masks, random_key(8)).measures["distance"] != first
    fresh = {run(masks, random_key(None)).measures["distance"] for _ in range(3)}
    assert len(fresh) == 3


def test_each_sequence_draws_its_own_noise(trained_run, tmp_path):
    for name in ("a", "b"):
        write_walk(tmp_path / "in" / name, "x", draw_walk(3))
    report = anonymize_tree(tmp_path / "in", tmp_path / "out", trained_run, 0, progress=False)
    a, b = (sequence["measures"]["distance"] for sequence in report["sequences"])
    assert a != b


def test_a_long_sequence_is_one_draw_of_noise(trained_run):
    # More frames than one chunk: the same frame gives the same result in each.
    run = runs.open_run(trained_run).anonymizer()
    mask = draw_person(0.7, x=60) // 255
    result = run([mask] * (contours._CHUNK + 3), jax.random.key(0))
    assert not result.problems
    for other in result.masks[1:]:
        np.testing.assert_array_equal(other, result.masks[0])


def test_an_anonymiser_that_changes_nothing_lets_nothing_through(trained_run, monkeypatch):
    run = runs.open_run(trained_run).anonymizer()
    monkeypatch.setattr(run, "_generate", lambda people, vectors, *rest: vectors)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:70, 50:70] = 1
    result = run([mask], jax.random.key(0))
    assert result.problems == {0: UNCHANGED}
    assert not result.masks[0].any()


def test_an_outline_that_is_not_finite_is_written_empty(trained_run, monkeypatch):
    run = runs.open_run(trained_run).anonymizer()
    monkeypatch.setattr(run, "_generate", lambda people, vectors, *rest: vectors * np.nan)
    result = run([draw_person(0.7, x=60) // 255], jax.random.key(0))
    assert result.problems == {0: NO_OUTLINE}
    assert not result.masks[0].any()


def test_overwriting_leaves_no_frame_of_an_earlier_result(tree, trained_run, tmp_path):
    out = tmp_path / "out"
    stale = out / "a" / "nm-01"
    write_walk(stale, "stale", draw_walk(2))
    with pytest.raises(InputError, match="is not empty"):
        anonymize_tree(tree, out, trained_run, progress=False)
    anonymize_tree(tree, out, trained_run, overwrite=True, progress=False)
    assert sorted(p.name for p in stale.iterdir()) == [f"a-{i:03d}.png" for i in range(1, 7)]


def test_an_interruption_leaves_whole_sequences_and_says_so(
    tree, trained_run, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    call = Anonymizer.__call__

    def fail_at_second(self, masks, key):
        if len(masks) == 8:
            raise KeyboardInterrupt
        return call(self, masks, key)

    monkeypatch.setattr(Anonymizer, "__call__", fail_at_second)
    with pytest.raises(KeyboardInterrupt):
        anonymize_tree(tree, out, trained_run, progress=False)
    assert sorted(p.name for p in out.iterdir()) == ["a", "report.json"]
    assert len(list((out / "a" / "nm-01").iterdir())) == 6
    assert json.loads((out / "report.json").read_text())["complete"] is False


@pytest.mark.parametrize("relation", ["same", "inside", "around"])
def test_input_and_output_must_not_lie_inside_each_other(tree, trained_run, relation):
    out = {"same": tree, "inside": tree / "a", "around": tree.parent}[relation]
    with pytest.raises(InputError, match="lie inside each other"):
        anonymize_tree(tree, out, trained_run, overwrite=True, progress=False)


def test_a_run_that_anonymises_nothing_is_refused(tree, trained_run, tmp_path):
    with pytest.raises(InputError, match="is a run of noise_gan, which anonymises nothing"):
        anonymize_tree(tree, tmp_path / "out", trained_run / "noise_gan", progress=False)
    assert not (tmp_path / "out").exists()


def test_linked_folders_are_walked_once(trained_run, tmp_path):
    write_walk(tmp_path / "elsewhere", "x", draw_walk(2))
    root = tmp_path / "in"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "ring").symlink_to(root)
    report = anonymize_tree(root, tmp_path / "out", trained_run, progress=False)
    assert [s["name"] for s in report["sequences"]] == ["link"]


def _anonymize(*arguments):
    return processes.module("gait_jax.anonymize", *arguments)


def test_command_line(tree, trained_run, tmp_path):
    arguments = (tree, "-o", tmp_path / "out", "--checkpoint", trained_run, "--seed", 3)
    done = _anonymize(*arguments)
    assert done.returncode == 0, done.stderr
    assert "10 of 14 frames in 2 sequences anonymised" in done.stdout
    assert "2 frames written empty: unreadable" in done.stdout
    again = _anonymize(*arguments)
    assert again.returncode == 1
    assert again.stderr.splitlines() == [
        f"gait_jax.anonymize: {tmp_path / 'out'} is not empty: choose another -o folder, or give "
        "--overwrite"
    ]


@pytest.mark.parametrize("given", [[], ["--method", "stgan"]])
def test_the_models_that_ship(given, tmp_path):
    write_walk(tmp_path / "in" / "a", "a", filmed_walk(24))
    done = _anonymize(tmp_path / "in", "-o", tmp_path / "out", "--seed", 1, *given)
    assert done.returncode == 0, done.stderr
    assert "24 of 24 frames in 1 sequences anonymised" in done.stdout
    assert "trained on synthetic data alone" in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["method"] == (given or ["", "stand_in"])[1]
    # Only the stand-in's results are known to tell little.
    assert [("told" in entry) for entry in report["sequences"]] == [not given]


def test_a_sequence_that_cannot_be_read_at_all_fails_the_command(trained_run, tmp_path):
    folder = tmp_path / "in" / "x"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(b"no picture")
    done = _anonymize(tmp_path / "in", "-o", tmp_path / "out", "--checkpoint", trained_run)
    assert done.returncode == 1
    assert "1 sequences could not be read at all" in done.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.json"]


def test_command_line_errors_are_one_line(tree, trained_run, tmp_path):
    (tmp_path / "empty").mkdir()
    for arguments, message in [
        ((tmp_path / "none", "--checkpoint", trained_run), "is not a folder"),
        ((tmp_path / "empty", "--checkpoint", trained_run), "holds no PNG"),
        ((tree, "--checkpoint", tmp_path / "none"), "is no training run"),
    ]:
        done = _anonymize(*arguments, "-o", tmp_path / "out")
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1 and message in done.stderr
        assert not (tmp_path / "out").exists()
