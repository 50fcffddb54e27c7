"""What benchmarks compute, and that the one for accelerators runs where little is installed."""

import dataclasses
import json
import os
import sys

import numpy as np
import processes
import pytest
from drawn import ROOT

_BENCHMARKS = ROOT / "benchmarks"
# Not to be had where the benchmark is to run.
_MISSING = ("grain", "tensorflow_datasets", "av", "cv2", "array_record")


@pytest.fixture(scope="module")
def benchmarks():
    """Lets modules of the folder be imported: they are scripts, no package."""
    sys.path.insert(0, str(_BENCHMARKS))
    yield
    sys.path.remove(str(_BENCHMARKS))


def _events(*spans):
    from device_profile import Event

    return [Event(name, f"{name}_kernel", begin, end) for name, begin, end in spans]


def test_what_overlaps_is_busy_once(benchmarks):
    import device_profile

    # 0 to 4 and 6 to 7: what lies within another and what begins where it is going on add nothing.
    events = _events(("a", 0, 3), ("b", 2, 4), ("c", 1, 2), ("d", 6, 7))
    assert device_profile.busy(events) == 5
    assert device_profile.busy([]) == 0


def test_a_profile_says_how_idle_and_what_is_costly(benchmarks):
    import device_profile

    events = _events(("dot", 0, 3e6), ("add", 4e6, 5e6), ("dot", 5e6, 8e6), ("add", 9e6, 10e6))
    found = device_profile.summary(events, 2, {"dot": "net/Dense_0"})
    assert found["busy_ms"] == 4 and found["window_ms"] == 5
    assert found["idle"] == pytest.approx(0.2)
    assert found["kernels"] == 2
    first, second = found["costliest"]
    assert (first["name"], first["kernel"], first["source"]) == ("dot", "dot_kernel", "net/Dense_0")
    assert (first["microseconds"], first["calls"], first["share"]) == (3000, 1, 0.75)
    assert (second["name"], second["source"], second["share"]) == ("add", "", 0.25)


def test_a_profile_without_the_device_is_refused(benchmarks):
    import device_profile

    with pytest.raises(ValueError, match="no event"):
        device_profile.summary([], 2, {})


def test_operations_of_a_program_are_named_by_their_source(benchmarks):
    import device_profile

    program = (
        "ENTRY %main {\n"
        '  %dot.1 = f32[2]{0} dot(%a, %b), metadata={op_type="dot" op_name="jit(f)/net/dot"}\n'
        '  ROOT fusion.2 = f32[2]{0} fusion(%dot.1), metadata={op_name="jit(f)/relu"}\n'
        "  %copy.3 = f32[2]{0} copy(%b)\n}"
    )
    assert device_profile.operations(program) == {
        "dot.1": "jit(f)/net/dot",
        "dot_1": "jit(f)/net/dot",
        "fusion.2": "jit(f)/relu",
        "fusion_2": "jit(f)/relu",
    }


def test_shares_of_a_roofline(benchmarks):
    import accelerator_report

    peak = accelerator_report.peaks("NVIDIA H100 80GB HBM3")
    # 4.95 TFLOP at 495 TFLOP/s take 10 ms; 3.35 GB at 3.35 TB/s take 1 ms.
    cost = {"flops": 4.95e12, "bytes": 3.35e9, "kernel_bytes": 6.7e9}
    row = {"ms": 20.0, "precision": "tf32", "cost": cost}
    shares = accelerator_report.roofline(row, peak)
    assert shares["kernels"] == pytest.approx(0.1)
    assert shares["compute"] == pytest.approx(0.5) and shares["memory"] == pytest.approx(0.05)
    assert shares["binding"] == "compute"
    assert accelerator_report.roofline(row | {"precision": "float32"}, peak)["compute"] > 3
    assert accelerator_report.peaks("cpu") is None


def test_traffic_counts_each_operand_and_result_of_a_kernel(benchmarks):
    import program_cost

    program = """HloModule jit_f, entry_computation_layout={(f32[4,2]{1,0})->f32[4]{0}}

%inside (p: f32[4,2]) -> f32[4] {
  %p = f32[4,2]{1,0} parameter(0)
  ROOT %sum = f32[4]{0} reduce(%p, %p), dimensions={1}
}

%body (s: (s32[], bf16[8])) -> (s32[], bf16[8]) {
  %s = (s32[], bf16[8]{0}) parameter(0)
  %i = s32[] get-tuple-element(%s), index=0
  %x = bf16[8]{0} get-tuple-element(%s), index=1
  %more = bf16[8]{0} add(%x, %x)
  ROOT %t = (s32[], bf16[8]{0}) tuple(%i, %more)
}

ENTRY %main (a: f32[4,2], b: (s32[], bf16[8])) -> f32[4] {
  %a = f32[4,2]{1,0} parameter(0)
  %b = (s32[], bf16[8]{0}) parameter(1)
  %w = (s32[], bf16[8]{0}) while(%b), condition=%c, body=%body, \
backend_config={"known_trip_count":{"n":"3"}}
  ROOT %fusion.1 = f32[4]{0} fusion(%a), kind=kLoop, calls=%inside, metadata={op_name="f"}
}
"""
    # The fusion reads 32 bytes and writes 16; three times, 16 bytes are read twice and written.
    assert program_cost.traffic(program) == 48 + 3 * 48


def test_operations_are_counted_before_optimisation(benchmarks):
    import jax
    import program_cost

    x = jax.ShapeDtypeStruct((3, 5), "float32")
    y = jax.ShapeDtypeStruct((5, 7), "float32")
    assert program_cost.operations(jax.jit(lambda x, y: x @ y).lower(x, y)) == 2 * 3 * 5 * 7


def test_a_batch_repeats_examples_with_noise_of_their_own(benchmarks):
    from measuring import Case
    from networks import NETWORKS

    network = NETWORKS["stgan"]
    config = network.configuration(Case("stgan", 1), tiny=True)
    batch = network.examples(config, 66)
    assert batch["contours"].shape == (66, 4, 64, 2) and batch["counts"].shape == (66, 4)
    assert (batch["contours"][64] == batch["contours"][0]).all()
    assert (batch["contours"][1] != batch["contours"][0]).any()
    assert batch["noise_seed"].tolist() == list(range(66))


def test_packs_hold_people_whose_sequences_stand_together(benchmarks):
    from measuring import Case
    from networks import NETWORKS

    network = NETWORKS["gaitset"]
    batch = network.examples(network.configuration(Case("gaitset", 1), tiny=True), 2)
    silhouettes, people = batch["silhouettes"], batch["people"]
    # 4 people, 3 sequences of each, 4 frames.
    assert silhouettes.shape == (2, 12, 4, 16, 11) and silhouettes.dtype == np.uint8
    assert set(np.unique(silhouettes)) == {0, 255}
    assert [len(set(pack)) for pack in people] == [4, 4] and 0 <= people.min() <= people.max() < 8
    # Each person has a width of their own, about which their sequences vary.
    widths = (silhouettes > 0).any(3).sum(3).mean(2).reshape(2, 4, 3)
    assert widths.std(2).max() < widths.mean(2).std()
    published = network.configuration(Case("gaitset", 1), tiny=False).data
    assert (published.pack.people, published.pack.sequences, published.frames) == (8, 16, 30)


class _Part:
    """Stands for a session: notes what the plan asks for."""

    def __init__(self):
        self.cases = []

    def times(self, cases):
        self.cases += cases

    def __getattr__(self, name):
        return lambda *given: None


def _planned(networks):
    import accelerator

    session = _Part()
    for _, task in accelerator.plan(session, networks, tiny=False):
        task()
    return session.cases


def test_the_plan_begins_with_what_matters_and_measures_nothing_twice(benchmarks):
    cases = _planned(["stgan_resampled", "stgan", "noise_gan", "colour_transfer"])
    first = [(c.network, c.batch, c.side, c.precision) for c in cases[:6]]
    sides = ("jax", "eager", "compile")
    assert first == [
        (name, 256, side, "tf32") for name in ("stgan_resampled", "stgan") for side in sides
    ]
    assert len(set(cases)) == len(cases)
    for name in ("stgan_resampled", "stgan"):
        mine = [c for c in cases if c.network == name]
        assert {c.batch for c in mine} == {8, 64, 256, 512, 1024, 2048}
        assert {c.dispatch for c in mine} == {1, 4, 16}
        assert {c.precision for c in mine} == {"tf32", "float32", "bfloat16"}


def test_packs_are_measured_one_at_a_time_and_after_smaller_examples(benchmarks):
    cases = _planned(["stgan", "gaitbase", "gaitset", "noise_gan"])
    packs = [c for c in cases if c.network in ("gaitset", "gaitbase")]
    assert len(set(packs)) == len(packs) == 16
    assert {(c.batch, c.dispatch, c.form) for c in packs} == {(1, 1, "")}
    assert [(c.network, c.side, c.precision) for c in packs[:3]] == [
        ("gaitbase", side, "tf32") for side in ("jax", "eager", "compile")
    ]
    first = cases.index(packs[0])
    assert {"stgan", "noise_gan"} <= {c.network for c in cases[:first]}


def test_the_plan_measures_only_the_networks_asked_for(benchmarks):
    assert {c.network for c in _planned(["noise_gan"])} == {"noise_gan"}


def _measure(output, *flags, environment=()):
    command = [sys.executable, str(_BENCHMARKS / "accelerator.py"), "--tiny", "--device=cpu"]
    command += ["--seconds=0.01", f"--output={output}", *flags]
    result = processes.run(command, env=os.environ | dict(environment))
    assert result.returncode == 0, result.stderr
    return json.loads((output / "accelerator.json").read_text()), result


def test_steps_are_measured_where_little_is_installed(tmp_path):
    for name in _MISSING:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('{name} is not there')\n")
    paths = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    output = tmp_path / "output"
    flags = ["--networks", "stgan", "--sides", "jax", "--parts=2"]
    record, _ = _measure(output, *flags, environment={"PYTHONPATH": paths})
    assert record["errors"] == []
    (row,) = record["measurements"]
    assert (row["batch"], row["precision"], row["dispatch"]) == (4, "tf32", 1)
    assert row["examples_per_s"] == pytest.approx(4000 / row["ms"])
    assert all(row["cost"][k] > 0 for k in ("flops", "bytes", "kernel_bytes"))
    assert len(row["losses"]) == 2 and row["losses"][0] != row["losses"][1]
    (profile,) = record["profiles"]
    assert 0 < profile["busy_ms"] and profile["costliest"][0]["share"] < 1
    assert "ceilings of the device" in record["skipped"]
    text = (output / "accelerator.md").read_text()
    assert "### stgan, batch 4, tf32" in text and "- ceilings of the device" in text


def test_packs_are_measured_where_little_is_installed(tmp_path):
    for name in _MISSING:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('{name} is not there')\n")
    paths = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    output = tmp_path / "output"
    flags = ["--networks", "gaitset", "--sides", "jax", "--only", "gaitset, batch 1", "--parts=1"]
    record, _ = _measure(output, *flags, environment={"PYTHONPATH": paths})
    assert record["errors"] == []
    (row,) = record["measurements"]
    assert (row["network"], row["batch"]) == ("gaitset", 1)
    assert row["losses"][0]["triplet"] > 0 and row["losses"][0] != row["losses"][1]
    text = (output / "accelerator.md").read_text()
    assert "gaitset: a pack of 8 people × 16 sequences × 30 silhouettes" in text


def test_what_there_is_no_time_for_is_listed(tmp_path):
    record, _ = _measure(tmp_path, "--networks", "noise_gan", "--sides", "jax", "--budget=0")
    assert record["measurements"] == [] and record["errors"] == []
    assert record["skipped"][:2] == ["ceilings of the device", "noise_gan, batch 4"]


def test_compiling_is_measured_way_by_way(tmp_path):
    command = [sys.executable, str(_BENCHMARKS / "compiling.py"), "--tiny", "--device=cpu"]
    command += ["--networks", "noise_gan", "--batch=4", "--seconds=0.01", f"--output={tmp_path}"]
    ways = ["as usual", "tried, convolutions as products"]
    result = processes.run([*command, "--ways", *ways])
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "compiling.json").read_text())
    assert [row["way"] for row in rows] == ways
    assert all(row["compile_s"] > 0 and row["ms"] > 0 for row in rows)
    # The same step, whatever computes it.
    assert rows[1]["loss"] == pytest.approx(rows[0]["loss"], rel=1e-5)
    assert "(1.000 ×)" in (tmp_path / "compiling.md").read_text()
    none = processes.run([*command, "--ways", "as usual", "--budget=0"])
    assert none.returncode == 1 and none.stderr.splitlines()[-1].startswith("compiling.py: nothing")
    assert "no time" in (tmp_path / "compiling.md").read_text()


def test_twins_take_the_same_steps(tmp_path):
    pytest.importorskip("torch")
    # PyTorch's threads wait for each other, for long where cores are busy.
    record, _ = _measure(
        tmp_path,
        *("--networks", "noise_gan", "--sides", "jax", "eager", "--parts=4"),
        environment={"OMP_NUM_THREADS": "1"},
    )
    rows = [
        r for r in record["measurements"] if r["side"] == "eager" and r["precision"] != "bfloat16"
    ]
    assert len(rows) == 3 and record["errors"] == []
    for row in rows:
        assert max(row["losses_apart"]) < 1e-5


def test_twins_of_convolutions_over_pictures_take_the_same_steps(tmp_path):
    pytest.importorskip("torch")
    record, _ = _measure(
        tmp_path,
        *("--networks", "colour_transfer", "gaitset", "gaitbase", "--sides", "jax", "eager"),
        # All but the last profile.
        *("--only", "colour_transfer, batch 2", "gaitset, batch 1", "gaitbase, batch 1"),
        "--parts=4",
        environment={"OMP_NUM_THREADS": "1"},
    )
    rows = {r["network"]: r for r in record["measurements"] if r["side"] == "eager"}
    assert record["errors"] == []
    # Of the second step, too, behind gradients and the optimiser. SGD's first step is long, and
    # batch norm over 12 sequences makes much of rounding.
    for name, most in (("colour_transfer", 1e-5), ("gaitset", 1e-6), ("gaitbase", 1e-4)):
        assert max(rows[name]["losses_apart"]) < most
    assert "cross_entropy" in rows["gaitbase"]["losses"][1]


def test_what_a_data_set_costs(benchmarks):
    import scale

    padded = next(layout for layout in scale.LAYOUTS if layout.name == "padded")
    # 100 passes over 81,920 frames are 1000 x 1024 windows: 4000 steps of 256 on one chip, 500 on
    # eight. A step of 8192 frames takes 37.9 ms at 216,000 a second.
    seconds, waits = scale.trained(scale.H100, 1, padded, 81_920)
    assert seconds == pytest.approx(4000 * 8192 / 216_000) and not waits
    eight, _ = scale.trained(scale.H100, 8, padded, 81_920)
    # 7/4 of 18.3 MB by 450 GB a second.
    added = 7 / 4 * 4 * 4_580_740 / 450e9
    assert scale.added(scale.H100, 8, padded.gradients) == pytest.approx(added)
    assert eight == pytest.approx(500 * (8192 / 216_000 + added))
    # A slower feed than the step needs is what it waits for.
    slow = dataclasses.replace(padded, fed=100_000.0)
    assert scale.trained(scale.H100, 1, slow, 81_920) == (pytest.approx(4000 * 0.08192), True)
    assert [scale.told(x) for x in (9.96, 90, 7200, 180_000)] == ["10 s", "1.5 min", "2 h", "2.1 d"]
