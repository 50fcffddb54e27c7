import math

import pytest

from gait_jax.runtime.run_directory import RunDirectory


def _names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _write(workdir, start, *rows):
    writer = RunDirectory(workdir).open_metrics(start)
    for step, loss in rows:
        writer.write(step, {"loss": loss})
    writer.close()


def _steps(workdir) -> list[int]:
    return [row["step"] for row in RunDirectory(workdir).read_metrics()]


def test_metrics_come_back(tmp_path):
    _write(tmp_path, 0, (1, 0.5), (2, math.inf))
    assert RunDirectory(tmp_path).read_metrics() == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": math.inf},
    ]


def test_a_run_without_metrics_has_no_rows(tmp_path):
    assert RunDirectory(tmp_path).read_metrics() == []


def test_a_row_can_be_read_as_soon_as_it_is_written(tmp_path):
    writer = RunDirectory(tmp_path).open_metrics(0)
    writer.write(1, {"loss": 2.0})
    assert _steps(tmp_path) == [1]
    writer.close()


def test_a_restart_drops_the_rows_after_its_step(tmp_path):
    _write(tmp_path, 0, (10, 1.0), (20, 2.0), (30, 3.0))
    _write(tmp_path, 20, (30, 3.5))
    assert RunDirectory(tmp_path).read_metrics() == [
        {"step": 10, "loss": 1.0},
        {"step": 20, "loss": 2.0},
        {"step": 30, "loss": 3.5},
    ]


@pytest.mark.parametrize("torn", ['{"step": 30, "lo', '{"step": 30, "loss": 3.0}'])
def test_a_torn_last_line_does_not_take_the_next_row_with_it(tmp_path, torn):
    # A crash in the middle of a row, or between a row and its line's end, after the checkpoint of
    # step 20.
    _write(tmp_path, 0, (10, 1.0), (20, 2.0))
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(torn)
    _write(tmp_path, 20, (30, 3.5), (40, 4.0))
    assert [(row["step"], row["loss"]) for row in RunDirectory(tmp_path).read_metrics()] == [
        (10, 1.0),
        (20, 2.0),
        (30, 3.5),
        (40, 4.0),
    ]


def test_a_restart_without_its_last_lines_end_keeps_the_row(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 20, "loss": 2.0}')
    _write(tmp_path, 20, (30, 3.0))
    assert _steps(tmp_path) == [20, 30]


def test_reading_leaves_a_torn_last_line_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    assert RunDirectory(tmp_path).read_metrics() == [{"step": 1, "loss": 2.0}]


def test_curves_are_drawn_over_the_rows_that_have_them(tmp_path):
    _write(tmp_path, 0, (1, 0.5), (2, 0.25))
    RunDirectory(tmp_path).draw_curves()
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert _names(tmp_path) == ["curves.png", "metrics.jsonl"]


def test_no_metrics_no_curves(tmp_path):
    RunDirectory(tmp_path).draw_curves()
    assert _names(tmp_path) == []
