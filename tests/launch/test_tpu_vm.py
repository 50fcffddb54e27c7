import os
import re
import signal

import processes
import pytest
from processes import finish

# Notes its call and nothing more: what it is given is never run here. The first goes on until there
# is a second, which is the one that tells the workers to stop, or ends at once where ALONE is set.
_GCLOUD = """
if [[ -e $BENCH/started ]]; then
    touch $BENCH/told
    exit ${STOP_ENDS:-0}
fi
touch $BENCH/started
while true; do
    if [[ -n ${ALONE-} || -e $BENCH/told ]]; then
        exit ${ENDS:-0}
    fi
    sleep 0.05
done
"""


@pytest.fixture
def pod(bench):
    bench.fake("gcloud", _GCLOUD)
    bench.environment |= {"TPU": "my-tpu", "ZONE": "z1", "DIRECTORY": "/mnt/shared/gait jax"}
    return bench


def _command(call: list[str], workers: str = "all") -> str:
    """What a call of gcloud runs on the workers."""
    assert call[:-1] == f"compute tpus tpu-vm ssh my-tpu --zone=z1 --worker={workers}".split()
    assert call[-1].startswith("--command=")
    return call[-1].removeprefix("--command=")


@pytest.mark.parametrize("ends", ["0", "1", "75"])
def test_ends_as_gcloud_does(pod, ends):
    status, _, errors = pod.run("tpu_vm.sh", "--config=c", ALONE="1", ENDS=ends)
    assert (status, errors) == (int(ends), "")
    assert len(pod.calls("gcloud")) == 1


def test_the_workers_run_the_command_with_its_arguments_as_they_were(pod, tmp_path):
    directory = tmp_path / "the repo's"
    directory.mkdir()
    shows = pod.fake("shows", 'pwd; printf "%s\\n" "$@"')
    arguments = ["--config=c:casia_a", "--workdir=/mnt/it's a $HOME", "--config.x=(1, 2)"]
    pod.run("tpu_vm.sh", *arguments, ALONE="1", PYTHON=str(shows), DIRECTORY=str(directory))
    (call,) = pod.calls("gcloud")
    result = processes.run(["bash", "-c", _command(call)], env=os.environ | pod.environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [str(directory), "-m", "gait_jax.train", *arguments]


def test_the_interpreter_is_the_repositorys_own(pod):
    pod.run("tpu_vm.sh", "--config=c", ALONE="1")
    (call,) = pod.calls("gcloud")
    assert "exec .venv/bin/python -m gait_jax.train --config=c" in _command(call)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stop_ends", ["0", "1"])
def test_workers_are_told_to_stop_and_waited_for(pod, told, stop_ends):
    process = pod.start("tpu_vm.sh", "--config=c", ENDS="75", STOP_ENDS=stop_ends)
    pod.wait_for("started")
    os.killpg(process.pid, told) if told == signal.SIGINT else process.send_signal(told)
    status, _, errors = finish(process)
    assert (status, errors) == (75, "tpu_vm.sh: telling all workers to save and stop\n")
    _, stop = map(_command, pod.calls("gcloud"))
    assert stop.startswith("pkill --signal TERM --full -- ")


@pytest.mark.parametrize("module", ["gait_jax.train", "gait_jax.evaluate"])
def test_stopping_finds_the_run_and_not_itself(pod, module):
    process = pod.start("tpu_vm.sh", "--config=c", MODULE=module)
    pod.wait_for("started")
    process.send_signal(signal.SIGTERM)
    finish(process)
    workers = "all" if module == "gait_jax.train" else "0"
    _, stop = (_command(call, workers) for call in pod.calls("gcloud"))
    (pattern,) = re.findall(r"-- '(.*)'", stop)
    assert re.search(pattern, f"/x/.venv/bin/python -m {module} --config=c")
    assert not re.search(pattern, f"bash -c {stop}")


def test_what_does_not_train_is_one_process_on_one_chip(pod, tmp_path):
    shows = pod.fake("shows", 'env | grep -E "^TPU_.*(CHIPS|BOUNDS)"; printf "%s\\n" "$@"')
    environment = {"MODULE": "gait_jax.evaluate", "PYTHON": str(shows), "DIRECTORY": str(tmp_path)}
    pod.run("tpu_vm.sh", "--config=c", ALONE="1", **environment)
    (call,) = pod.calls("gcloud")
    result = processes.run(["bash", "-c", _command(call, "0")], env=os.environ | pod.environment)
    *chip, dash, module, first, second = result.stdout.splitlines()
    assert sorted(chip) == [
        "TPU_CHIPS_PER_PROCESS_BOUNDS=1,1,1",
        "TPU_PROCESS_BOUNDS=1,1,1",
        "TPU_VISIBLE_CHIPS=0",
    ]
    assert [dash, module, first, second] == [
        *("-m", "gait_jax.evaluate", "--num_processes=1", "--config=c")
    ]


@pytest.mark.parametrize("name", ["TPU", "ZONE", "DIRECTORY"])
def test_what_is_not_set_is_named(pod, name):
    result = pod.run("tpu_vm.sh", "--config=c", **{name: ""})
    assert result == (1, "", f"tpu_vm.sh: {name} is not set; see the top of launch/tpu_vm.sh\n")
    assert pod.calls("gcloud") == []


@pytest.mark.parametrize("argument", ["--workdir=gs://bucket/a", "gs://bucket/a"])
def test_buckets_are_refused(pod, argument):
    status, _, errors = pod.run("tpu_vm.sh", "--config=c", "--workdir", argument)
    assert status == 1
    assert errors == (
        "tpu_vm.sh: gs:// is not supported: give paths on a file system that all workers mount\n"
    )
    assert pod.calls("gcloud") == []
