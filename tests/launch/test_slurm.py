import re
import signal

import pytest
from launchers import LAUNCH
from processes import finish

# Runs until scancel tells its tasks, then ends with ENDS; at once with ENDS where UNTOLD is set.
# The real srun answers SIGTERM by killing its tasks.
_SRUN = """
echo "${SRUN_CPUS_PER_TASK-unset}" >$BENCH/cpus
trap 'touch $BENCH/srun-was-killed; exit 137' TERM
touch $BENCH/started
while true; do
    if [[ -n ${UNTOLD-} || -e $BENCH/told ]]; then
        exit $ENDS
    fi
    sleep 0.05
done
"""


@pytest.fixture
def slurm(bench):
    bench.fake("srun", _SRUN)
    bench.fake("scancel", "touch $BENCH/told; exit ${SCANCEL:-0}")
    bench.fake("scontrol", "exit ${SCONTROL:-0}")
    bench.environment["SLURM_JOB_ID"] = "17"
    return bench


def _told(slurm, *arguments, job="17", **environment):
    """What a job ends with that Slurm tells, by its batch shell, that its time is nearly up."""
    process = slurm.start("slurm.sbatch", "--config=c", *arguments, **environment)
    slurm.wait_for("started")
    process.send_signal(signal.SIGTERM)
    result = finish(process)
    assert slurm.calls("scancel") == [["--signal=TERM", job]]
    assert not (slurm.folder / "srun-was-killed").exists()
    return result


def _directives() -> dict[str, str]:
    text = (LAUNCH / "slurm.sbatch").read_text(encoding="utf-8")
    lines = re.findall(r"^#SBATCH --(\S+)$", text, re.MULTILINE)
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


@pytest.mark.parametrize("ends", ["0", "1", "75", "134"])
def test_a_job_that_was_not_told_ends_as_its_run_does(slurm, ends):
    arguments = ["--config=c:casia_a", "--workdir=a b", "--config.x=(1,)"]
    status, _, errors = slurm.run("slurm.sbatch", *arguments, UNTOLD="1", ENDS=ends)
    assert (status, errors) == (int(ends), "")
    (call,) = slurm.calls("srun")
    assert call[-6:] == ["python", "-m", "gait_jax.train", *arguments]
    assert slurm.calls("scontrol") == slurm.calls("scancel") == []


def _once(slurm, *arguments, **environment) -> list[str]:
    """What srun is called with in a job that ends by itself."""
    status, _, errors = slurm.run(
        "slurm.sbatch", *arguments, **{"UNTOLD": "1", "ENDS": "0"} | environment
    )
    assert (status, errors) == (0, "")
    (call,) = slurm.calls("srun")
    return call


def test_a_training_gets_all_tasks(slurm):
    call = _once(slurm, "x", PYTHON="v/python")
    assert call[-4:] == ["v/python", "-m", "gait_jax.train", "x"]
    assert not [word for word in call if word.startswith(("--ntasks", "--nodes"))]


@pytest.mark.parametrize("module", ["gait_jax.evaluate", "gait_jax.sweep", "gait_jax.prepare"])
def test_what_does_not_train_is_one_task_with_all_of_a_node(slurm, module):
    call = _once(slurm, "x", MODULE=module, SLURM_CPUS_PER_TASK="4", SLURM_CPUS_ON_NODE="16")
    assert call[-7:] == [
        "--nodes=1",
        "--ntasks=1",
        "python",
        "-m",
        module,
        "--num_processes=1",
        "x",
    ]
    assert (slurm.folder / "cpus").read_text().strip() == "16"


_ARRAY = {"SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "2"}


def test_in_an_array_the_arguments_name_the_task(slurm):
    call = _once(slurm, "--workdir=runs/a b %a", "--config.seed=%a", "50%", **_ARRAY)
    assert call[-3:] == ["--workdir=runs/a b 2", "--config.seed=2", "50%"]
    # Elsewhere nothing is replaced.
    (slurm.folder / "calls" / "srun").unlink()
    assert _once(slurm, "%a")[-1] == "%a"


def test_an_array_whose_tasks_would_all_do_the_same_is_refused(slurm):
    assert slurm.run("slurm.sbatch", "--config=c", **_ARRAY) == (
        1,
        "",
        "slurm.sbatch: all tasks of the array would do the same work: name the task by %a in the "
        "arguments\n",
    )
    assert slurm.calls("srun") == []


def test_one_task_of_an_array_is_stopped_and_requeued_alone(slurm):
    # The last of an array's tasks to start has the array's own number.
    status, _, errors = _told(slurm, "--workdir=%a", job="17_2", ENDS="75", **_ARRAY)
    assert status == 75
    assert slurm.calls("scontrol") == [["requeue", "17_2"]]
    assert errors == "slurm.sbatch: stopped by Slurm after saving; requeueing job 17_2\n"


def test_a_run_that_saved_before_the_time_limit_is_requeued(slurm):
    status, _, errors = _told(slurm, ENDS="75")
    assert status == 75
    assert slurm.calls("scontrol") == [["requeue", "17"]]
    assert errors == "slurm.sbatch: stopped by Slurm after saving; requeueing job 17\n"


@pytest.mark.parametrize("ends", ["0", "1", "134"])
def test_a_run_that_finished_or_failed_is_not_requeued(slurm, ends):
    status, _, errors = _told(slurm, ENDS=ends)
    assert (status, errors) == (int(ends), "")
    assert slurm.calls("scontrol") == []


def test_a_job_that_is_being_cancelled_does_not_come_back(slurm):
    # Slurm tells its tasks by itself, and scancel then no longer knows the job.
    assert _told(slurm, ENDS="75", SCANCEL="1")[0] == 75
    assert slurm.calls("scontrol") == []


def test_a_requeue_that_is_refused_says_what_to_do(slurm):
    status, _, errors = _told(slurm, ENDS="75", SCONTROL="1")
    assert status == 75
    assert errors.splitlines()[-1] == (
        "slurm.sbatch: could not requeue; submit the same command again to go on"
    )


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, "unset"), ({"SLURM_CPUS_PER_TASK": "6"}, "6")]
)
def test_tasks_get_the_cores_that_were_asked_for(slurm, environment, expected):
    slurm.run("slurm.sbatch", "x", UNTOLD="1", ENDS="0", **environment)
    assert (slurm.folder / "cpus").read_text().strip() == expected


def test_the_batch_shell_alone_is_told_before_the_limit_and_can_be_requeued():
    directives = _directives()
    assert directives["signal"] == "B:TERM@300"
    assert directives["open-mode"] == "append"
    assert "requeue" in directives


def test_one_process_per_gpu_and_each_sees_all_of_its_node():
    directives = _directives()
    assert directives["ntasks-per-node"] == directives["gpus-per-node"]
    # Either would bind each task to GPUs of its own.
    assert not directives.keys() & {"gpus-per-task", "gpu-bind"}


def test_a_task_that_ends_does_not_take_the_others_with_it_before_the_limit(slurm):
    slurm.run("slurm.sbatch", "x", UNTOLD="1", ENDS="0")
    (call,) = slurm.calls("srun")
    assert "--kill-on-bad-exit=0" in call
    (wait,) = (int(word.removeprefix("--wait=")) for word in call if word.startswith("--wait="))
    assert 0 < wait < int(_directives()["signal"].partition("@")[2])
