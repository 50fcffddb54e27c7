"""The launcher on a real Slurm of one node, where its programs are installed.

On Debian: apt-get install slurmctld slurmd slurm-client munge.
"""

import os
import re
import secrets
import shutil
import socket

import processes
import pytest
from launchers import LAUNCH
from processes import wait_for

# Root, since slurmd is to start others' jobs.
_MISSING = [
    name for name in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(name) is None
] + ["root"] * (os.geteuid() != 0)

pytestmark = pytest.mark.skipif(bool(_MISSING), reason=f"Slurm needs {', '.join(_MISSING)}")

_CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

# Stands for the trainer: notes its arguments and place, and goes on until it is told to stop.
_TRAINER = """#!/usr/bin/env bash
name=$FOLDER/${SLURM_ARRAY_TASK_ID-job}-$SLURM_PROCID
trap 'touch "$name-told"; exit 75' TERM
printf '%s\\n' "$SLURM_NTASKS" "$(nproc)" "$@" >"$name.part"
mv "$name.part" "$name"
while [[ ! -e $FOLDER/over ]]; do sleep 0.05; done
"""


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


class _Slurm:
    """A cluster of this machine alone, and what its jobs left in its folder."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("state", "spool", "jobs"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        self.trainer = folder / "trainer"
        self.trainer.write_text(_TRAINER)
        self.trainer.chmod(0o755)
        controller, daemon = _free_ports(2)
        host = socket.gethostname().partition(".")[0]
        configuration = folder / "slurm.conf"
        configuration.write_text(
            _CONFIGURATION.format(host=host, controller=controller, daemon=daemon, folder=folder)
        )
        self._environment = os.environ | {
            "SLURM_CONF": str(configuration),
            "FOLDER": str(folder / "jobs"),
            "PYTHON": str(self.trainer),
        }
        own = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        self._daemons = [
            self._start(
                "munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *own
            )
        ]
        wait_for((folder / "munge.socket").exists, *self._daemons)
        self._daemons += [self._start("slurmctld", "-D"), self._start("slurmd", "-D", "-N", host)]
        wait_for(lambda: self.ask("sinfo", "-h", "-o", "%T") == "idle", *self._daemons)

    def _start(self, *command):
        # Nobody reads what they say while they run.
        with (self.folder / f"{command[0]}.log").open("w") as log:
            return processes.start(command, env=self._environment, stdout=log, stderr=log)

    def ask(self, *command, **environment) -> str:
        done = processes.run(command, env=self._environment | environment)
        return done.stdout.strip()

    def submit(self, *options, arguments=("x",), **environment) -> str:
        """The number of a job, on one node without GPUs."""
        own = ("--nodes=1", "--gpus-per-node=0", "--cpus-per-task=1", "--parsable")
        folder = f"--chdir={self.folder / 'jobs'}"
        return self.ask(
            "sbatch", *own, folder, *options, LAUNCH / "slurm.sbatch", *arguments, **environment
        )

    def job(self, number: str) -> dict[str, str]:
        """What Slurm says of a job."""
        return dict(re.findall(r"(\w+)=(\S+)", self.ask("scontrol", "show", "job", "-o", number)))

    def started(self, *names: str) -> list[list[str]]:
        """What processes noted, once they have: tasks of their step, cores, arguments."""
        files = [self.folder / "jobs" / name for name in names]
        wait_for(lambda: all(file.exists() for file in files), *self._daemons)
        return [file.read_text().splitlines() for file in files]

    def told(self) -> set[str]:
        """Which processes were told to stop."""
        return {path.name.removesuffix("-told") for path in (self.folder / "jobs").glob("*-told")}

    def close(self) -> None:
        self.ask("scancel", "--user=root", "--full")
        wait_for(lambda: not self.ask("squeue", "-h"), *self._daemons)
        self.ask("scontrol", "shutdown")
        for process in reversed(self._daemons):
            processes.end(process)


@pytest.fixture
def slurm(tmp_path):
    # A path that fits a socket's.
    folder = tmp_path.parent / "s"
    folder.mkdir()
    cluster = _Slurm(folder)
    yield cluster
    cluster.close()
    shutil.rmtree(folder)


def test_one_task_of_an_array_is_stopped_and_requeued_alone(slurm):
    number = slurm.submit(
        "--array=0-2", "--ntasks-per-node=1", arguments=("--config.seed=%a", "--workdir=a_%a")
    )
    places = [f"{k}-0" for k in range(3)]
    noted = slurm.started(*places)
    assert [own[2:] for own in noted] == [
        ["-m", "gait_jax.train", f"--config.seed={k}", f"--workdir=a_{k}"] for k in range(3)
    ]
    jobs = [slurm.job(f"{number}_{k}") for k in range(3)]
    # The one whose own number is the array's.
    (k,) = (k for k, job in enumerate(jobs) if job["JobId"] == number)
    # As Slurm tells a job whose time is nearly up: its batch shell alone.
    slurm.ask("scancel", "--batch", "--signal=TERM", f"{number}_{k}")
    wait_for(lambda: slurm.job(f"{number}_{k}").get("Restarts") == "1")
    assert slurm.told() == {f"{k}-0"}
    for i in {0, 1, 2} - {k}:
        job = slurm.job(f"{number}_{i}")
        assert (job["JobState"], job["Restarts"]) == ("RUNNING", "0")
    said = (slurm.folder / "jobs" / f"slurm-{number}_{k}.out").read_text()
    assert f"slurm.sbatch: stopped by Slurm after saving; requeueing job {number}_{k}" in said


def test_a_training_has_all_tasks_and_other_work_one_with_all_cores(slurm):
    options = ("--ntasks-per-node=4",)
    number = slurm.submit(*options)
    noted = slurm.started(*(f"job-{k}" for k in range(4)))
    assert {(own[0], *own[2:]) for own in noted} == {("4", "-m", "gait_jax.train", "x")}
    # Stopped for good, saved.
    slurm.ask("scancel", "--signal=TERM", number)
    wait_for(lambda: slurm.job(number)["JobState"] in ("FAILED", "COMPLETED"))
    assert (slurm.job(number)["ExitCode"], slurm.job(number)["Restarts"]) == ("75:0", "0")
    assert slurm.told() == {f"job-{k}" for k in range(4)}
    shutil.rmtree(slurm.folder / "jobs")
    (slurm.folder / "jobs").mkdir()

    number = slurm.submit(*options, MODULE="gait_jax.evaluate")
    (noted,) = slurm.started("job-0")
    assert (noted[0], *noted[2:]) == ("1", "-m", "gait_jax.evaluate", "--num_processes=1", "x")
    (slurm.folder / "jobs" / "over").touch()
    wait_for(lambda: slurm.job(number)["JobState"] == "COMPLETED")
    assert {path.name for path in (slurm.folder / "jobs").iterdir()} == {
        *("job-0", "over", f"slurm-{number}.out")
    }
