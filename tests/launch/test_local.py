import os
import shutil
import signal
import socket
import sys

import pytest
from processes import finish, wait_for

# Stands for the trainer. Its process K goes on until it is told to stop, which it notes, and then
# ends with ON_TERM; the one that is FAILING ends with FAILURE once all have started. DEAF ignores
# SIGTERM.
_TRAINER = f"""
if [[ $1 == -c ]]; then exec {sys.executable} "$@"; fi
for argument in "$@"; do
    case $argument in
    --process_id=*) id=${{argument#*=}} ;;
    --num_processes=*) n=${{argument#*=}} ;;
    --task=*) id=${{argument#*=}} n=$TASKS ;;
    esac
done
: "${{id:=alone}}"
printf '%q ' "$@" >$BENCH/arguments-$id
echo "$JAX_PLATFORMS|$XLA_FLAGS|${{CUDA_VISIBLE_DEVICES-unset}}" >$BENCH/devices-$id
echo "$OMP_NUM_THREADS|$OPENBLAS_NUM_THREADS" >$BENCH/threads-$id
{sys.executable} -c 'import os; print(*sorted(os.sched_getaffinity(0)))' >$BENCH/cores-$id
told() {{
    if [[ ${{DEAF-}} == $id ]]; then
        touch $BENCH/told-$id
        return
    fi
    # Said before it is noted: a test may have it killed as soon as there is a note.
    echo last words
    touch $BENCH/told-$id
    exit ${{ON_TERM:-75}}
}}
trap told TERM
echo $$ >$BENCH/pid-$id
echo "first line"
echo "an error" >&2
touch $BENCH/started-$id
while true; do
    if [[ ${{FAILING-}} == $id && $(ls $BENCH | grep -c started-) == "$n" ]]; then
        exit $FAILURE
    fi
    sleep 0.05
done
"""


@pytest.fixture
def trainer(bench):
    bench.environment["PYTHON"] = str(bench.fake("trainer", _TRAINER))
    return bench


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _lines(output: str) -> list[str]:
    return sorted(output.splitlines())


def test_each_process_gets_the_arguments_and_its_place(trainer):
    process = trainer.start("local.sh", "--config=c", "--workdir=a b", PROCESSES="3")
    trainer.wait_for("started-0", "started-1", "started-2")
    process.send_signal(signal.SIGTERM)
    status, output, errors = finish(process)
    assert (status, errors) == (75, "")
    calls = [call for call in trainer.calls("trainer") if call[0] == "-m"]
    assert len(calls) == 3
    addresses = set()
    for call in calls:
        assert call[:4] == ["-m", "gait_jax.train", "--config=c", "--workdir=a b"]
        address, count, place = call[4:]
        addresses.add(address)
        assert count == "--num_processes=3"
        assert place in {"--process_id=0", "--process_id=1", "--process_id=2"}
    assert len({call[6] for call in calls}) == 3
    (address,) = addresses
    host, port = address.removeprefix("--coordinator_address=").split(":")
    assert host == "127.0.0.1"
    with socket.create_server((host, int(port))):
        pass
    # Both streams of each process, the last words included, by its number.
    words = ["an error", "first line", "last words"]
    assert _lines(output) == [f"[{k}] {line}" for k in range(3) for line in words]


@pytest.mark.parametrize(
    ("environment", "devices"),
    [
        (
            {"DEVICES": "4", "XLA_FLAGS": "--xla_x=1"},
            ["cpu|--xla_x=1 --xla_force_host_platform_device_count=4|unset"] * 2,
        ),
        ({"GPUS": "0,2,5,7"}, ["||0,2", "||5,7"]),
        ({"GPUS": "3,1"}, ["||3", "||1"]),
    ],
)
def test_devices(trainer, environment, devices):
    process = trainer.start("local.sh", "--config=c", **environment)
    trainer.wait_for("started-0", "started-1")
    process.send_signal(signal.SIGTERM)
    finish(process)
    assert [(trainer.folder / f"devices-{k}").read_text().strip() for k in (0, 1)] == devices


def _cores(bench, names) -> list[list[int]]:
    return [[*map(int, (bench.folder / f"cores-{k}").read_text().split())] for k in names]


def _started(trainer, *names, **environment) -> None:
    """Starts the script, waits until all processes have said what they got, and stops it."""
    process = trainer.start("local.sh", "--config=c", **environment)
    trainer.wait_for(*(f"started-{name}" for name in names))
    process.send_signal(signal.SIGTERM)
    finish(process)


def test_processes_share_out_the_cores_and_have_a_thread_for_each(trainer):
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        pytest.skip("there is one core to share out")
    # Blank: not set.
    unset = {"OMP_NUM_THREADS": "", "OPENBLAS_NUM_THREADS": ""}
    _started(trainer, 0, 1, **unset)
    first, second = _cores(trainer, (0, 1))
    assert first and second
    assert sorted(first + second) == usable and abs(len(first) - len(second)) <= 1
    for k, own in enumerate((first, second)):
        said = (trainer.folder / f"threads-{k}").read_text().strip()
        assert said == f"{len(own)}|{len(own)}"


def test_more_processes_than_cores_have_one_each(trainer):
    usable = sorted(os.sched_getaffinity(0))
    names = range(len(usable) + 1)
    _started(trainer, *names, PROCESSES=str(len(names)), OMP_NUM_THREADS="7")
    own = _cores(trainer, names)
    assert {len(cores) for cores in own} == {1}
    assert sorted({cores[0] for cores in own}) == usable
    # What was asked for is kept.
    assert (trainer.folder / "threads-0").read_text().startswith("7|")


def test_one_process_and_those_with_gpus_have_all_cores(trainer):
    usable = sorted(os.sched_getaffinity(0))
    _started(trainer, 0, 1, GPUS="0,1")
    assert _cores(trainer, (0, 1)) == [usable, usable]
    _started(trainer, "alone", MODULE="gait_jax.evaluate")
    assert _cores(trainer, ["alone"]) == [usable]


@pytest.mark.parametrize("processes", ["1", "2", "4"])
def test_what_does_not_train_is_one_process_with_all_gpus(trainer, processes):
    process = trainer.start(
        "local.sh", "--config=c", MODULE="gait_jax.evaluate", PROCESSES=processes, GPUS="0,1,2,3"
    )
    trainer.wait_for("started-alone")
    process.send_signal(signal.SIGTERM)
    status, _, errors = finish(process)
    assert status == 75
    calls = [call for call in trainer.calls("trainer") if call[0] == "-m"]
    assert calls == [["-m", "gait_jax.evaluate", "--num_processes=1", "--config=c"]]
    assert (trainer.folder / "devices-alone").read_text().strip() == "||0,1,2,3"
    told = f"local.sh: gait_jax.evaluate works in one process, not in PROCESSES={processes}\n"
    assert errors == (told if processes != "1" else "")


@pytest.mark.parametrize("module", ["gait_jax.train", "gait_jax.sweep"])
def test_tasks_work_each_for_itself_with_its_number_in_the_arguments(trainer, module):
    arguments = ["--config=c", "--workdir=runs/seed_%a b", "--task=%a", "--grid", "seed=0..2"]
    process = trainer.start("local.sh", *arguments, MODULE=module, TASKS="3")
    trainer.wait_for("started-0", "started-1", "started-2")
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 75
    calls = sorted(call for call in trainer.calls("trainer") if call[0] == "-m")
    assert calls == [
        ["-m", module, "--num_processes=1"]
        + ["--config=c", f"--workdir=runs/seed_{k} b", f"--task={k}", "--grid", "seed=0..2"]
        for k in range(3)
    ]


def test_a_task_that_fails_leaves_the_others_alone(trainer):
    environment = {"TASKS": "2", "FAILING": "1", "FAILURE": "3"}
    process = trainer.start("local.sh", "--task=%a", **environment)
    trainer.wait_for("started-0", "started-1")
    pid = int((trainer.folder / "pid-1").read_text())
    wait_for(lambda: not _exists(pid), process)
    assert process.poll() is None and not (trainer.folder / "told-0").exists()
    process.send_signal(signal.SIGTERM)
    status, _, errors = finish(process)
    assert (status, errors) == (3, "")


@pytest.mark.parametrize(("on_term", "expected"), [("75", 75), ("0", 0), ("1", 1)])
def test_all_are_told_to_stop_and_their_status_is_returned(trainer, on_term, expected):
    process = trainer.start("local.sh", "--config=c", ON_TERM=on_term)
    trainer.wait_for("started-0", "started-1")
    process.send_signal(signal.SIGTERM)
    trainer.wait_for("told-0", "told-1")
    assert finish(process)[0] == expected


@pytest.mark.parametrize("failing", ["0", "1"])
def test_one_that_fails_stops_the_others_and_its_status_is_returned(trainer, failing):
    status, output, errors = trainer.run("local.sh", "--config=c", FAILING=failing, FAILURE="3")
    assert status == 3
    assert errors == "local.sh: a process ended with status 3; stopping the others\n"
    other = 1 - int(failing)
    assert (trainer.folder / f"told-{other}").exists()
    assert f"[{other}] last words" in output


def test_others_that_do_not_end_are_killed(trainer):
    status, _, _ = trainer.run(
        "local.sh", "--config=c", FAILING="1", FAILURE="3", DEAF="0", GRACE="0"
    )
    assert status == 3
    assert (trainer.folder / "told-0").exists()


@pytest.mark.parametrize("ended", ["0", "75"])
def test_one_that_ends_well_leaves_the_others_alone(trainer, ended):
    trainer.fake("sleep", f'exec {shutil.which("sleep")} "$@"')
    process = trainer.start("local.sh", "--config=c", FAILING="1", FAILURE=ended)
    trainer.wait_for("started-0", "started-1")
    pid = int((trainer.folder / "pid-1").read_text())
    wait_for(lambda: not _exists(pid), process)
    # The script has looked at all of its processes since that one has ended.
    looked = trainer.calls("sleep").count(["0.2"])
    wait_for(lambda: trainer.calls("sleep").count(["0.2"]) > looked + 1, process)
    assert not (trainer.folder / "told-0").exists()
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 75


def test_a_failure_counts_more_than_a_stop(trainer):
    # Process 1 stops as if told alone; process 0 then fails while it saves.
    process = trainer.start("local.sh", "--config=c", FAILING="1", FAILURE="75", ON_TERM="1")
    trainer.wait_for("started-0", "started-1")
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 1


def test_ctrl_c_stops_and_a_second_one_kills(trainer):
    process = trainer.start("local.sh", "--config=c", DEAF="0")
    trainer.wait_for("started-0", "started-1")
    os.killpg(process.pid, signal.SIGINT)
    trainer.wait_for("told-0", "told-1")
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    status, output, errors = finish(process)
    assert status == 128 + signal.SIGKILL
    assert "Ctrl-C again kills them" in errors
    assert "[1] last words" in output


def test_the_script_outlives_the_labels_of_the_last_lines(trainer):
    trainer.fake("sed", f'sleep 0.5; exec {shutil.which("sed")} "$@"')
    process = trainer.start("local.sh", "--config=c", FAILING="1", FAILURE="3")
    wait_for(lambda: process.poll() is not None)
    # Read without waiting for whoever else holds the pipe.
    os.set_blocking(process.stdout.fileno(), False)
    output = process.stdout.buffer.raw.read(1 << 16) or b""
    finish(process)
    assert b"[0] last words" in output


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PROCESSES": "0"}, "PROCESSES=0 is not a number above 0"),
        ({"PROCESSES": "two"}, "PROCESSES=two is not a number above 0"),
        ({"DEVICES": "-1"}, "DEVICES=-1 is not a number above 0"),
        ({"TASKS": "all"}, "TASKS=all is not a number above 0"),
        ({"TASKS": "2", "PROCESSES": "2"}, "both PROCESSES and TASKS are set; choose one"),
        (
            {"TASKS": "2"},
            "all 2 tasks would do the same work: name the task by %a in the arguments",
        ),
        ({"GRACE": "1m"}, "GRACE=1m is not a number of seconds"),
        ({"PYTHON": "no-such"}, "no interpreter PYTHON=no-such; activate the environment"),
        ({"GPUS": "0,1", "DEVICES": "2"}, "both GPUS and DEVICES are set; choose one"),
        ({"GPUS": "0,1,2"}, "the 3 GPUs of GPUS=0,1,2 do not split evenly over 2 processes"),
    ],
)
def test_what_cannot_be_used_costs_one_line(trainer, environment, message):
    assert trainer.run("local.sh", "--config=c", **environment) == (1, "", f"local.sh: {message}\n")
    assert trainer.calls("trainer") == []
