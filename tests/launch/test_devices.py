"""The launch files' own arguments against the devices that they ask for."""

import ast
import dataclasses
import importlib
import json
import math
import pathlib
import re
import shlex
import sys

import ml_collections
import processes
import pytest
import yaml
from drawn import TINY
from launchers import LAUNCH

# Each is a TPU's name up to its size: what the size counts, in devices of JAX's.
_TPU_SIZES = {"v4": 1 / 2, "v5p": 1 / 2, "v5litepod": 1, "v6e": 1}


@dataclasses.dataclass(frozen=True)
class _Start:
    """A command that a launch file tells: its arguments, and how many devices train together."""

    file: str
    arguments: tuple[str, ...]
    devices: int

    @property
    def config(self) -> ml_collections.ConfigDict:
        """The configuration, with the arguments that set batches."""
        given = dict(word.split("=", 1) for word in self.arguments if "=" in word)
        path, _, argument = given["--config"].partition(":")
        name = path.removesuffix(".py").replace("/", ".")
        config = importlib.import_module(name).get_config(argument)
        for flag, value in given.items():
            if flag.endswith((".batch_size", ".accumulate")):
                config.update_from_flattened_dict(
                    {flag.removeprefix("--config."): ast.literal_eval(value)}
                )
        return config


def _commands(text: str) -> list[list[str]]:
    """The indented commands of a comment or a page that give a configuration, in words."""
    text = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
    lines = re.findall(r"^    (.*)$", text.replace("\\\n", ""), re.MULTILINE)
    return [shlex.split(line) for line in lines if "--config=" in line]


def _split(words: list[str]) -> tuple[dict[str, str], list[str], tuple[str, ...]]:
    """(variables, what stands before the script, its arguments) of a command."""
    (place,) = (i for i, word in enumerate(words) if word.startswith("launch/"))
    before = [word for word in words[:place] if "=" not in word or word.startswith("-")]
    variables = dict(word.split("=", 1) for word in words[:place] if word not in before)
    return variables, before, tuple(words[place + 1 :])


def _slurm(words: list[str]) -> _Start:
    _, before, arguments = _split(words)
    text = (LAUNCH / "slurm.sbatch").read_text(encoding="utf-8")
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)$", text, re.MULTILINE))
    options |= dict(re.findall(r"--([\w-]+)=(\S+)", " ".join(before)))
    # A task has one GPU, or one CPU device.
    return _Start(
        "slurm.sbatch", arguments, int(options["nodes"]) * int(options["ntasks-per-node"])
    )


def _local(words: list[str]) -> _Start:
    variables, _, arguments = _split(words)
    tasks = int(variables.get("TASKS", 1))
    together = 1 if "TASKS" in variables else int(variables.get("PROCESSES", 2))
    devices = int(variables.get("DEVICES", 1)) * together
    if "GPUS" in variables:
        devices = len(variables["GPUS"].split(",")) // tasks
    return _Start("local.sh", arguments, devices)


def _tpu_vm(words: list[str]) -> _Start:
    page = (LAUNCH / "README.md").read_text(encoding="utf-8")
    ((kind, size),) = re.findall(r"--accelerator-type=(\w+)-(\d+)", page)
    return _Start("tpu_vm.sh", _split(words)[2], int(int(size) * _TPU_SIZES[kind]))


def _gke(path: pathlib.Path) -> list[_Start]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if document["kind"] == "JobSet":
        (replicated,) = document["spec"]["replicatedJobs"]
        job = replicated["template"]["spec"]
        pods = job["parallelism"]
    elif document["kind"] == "Job":
        job, pods = document["spec"], 1
    else:
        return []
    (container,) = job["template"]["spec"]["containers"]
    (chips,) = container["resources"]["limits"].values()
    return [_Start(path.name, tuple(container["args"]), pods * chips)]


def _starts() -> list[_Start]:
    pages = [LAUNCH / "README.md", *sorted(LAUNCH.glob("*.s*"))]
    commands = [words for page in pages for words in _commands(page.read_text(encoding="utf-8"))]
    read = {"slurm.sbatch": _slurm, "local.sh": _local, "tpu_vm.sh": _tpu_vm}
    told = [
        read[name](words)
        for words in commands
        for name in (word.removeprefix("launch/") for word in words)
        if name in read
    ]
    return told + [start for path in sorted(LAUNCH.glob("*.yaml")) for start in _gke(path)]


_STARTS = _starts()
_CLUSTER = {"slurm.sbatch": 8, "tpu_vm.sh": 16, "gke_jobset.yaml": 16, "gke_jobset_gpu.yaml": 16}


def test_what_launch_files_ask_for_is_read_from_them():
    found = {(start.file, start.devices) for start in _STARTS}
    # And of a slurm array's tasks, of local.sh's processes and tasks, and of pods.
    assert found == {
        *_CLUSTER.items(),
        *{("slurm.sbatch", 4), ("slurm.sbatch", 1), ("local.sh", 4), ("local.sh", 1)},
        ("gke_sweep.yaml", 1),
        ("gke_evaluate.yaml", 1),
    }


def _batches(config: ml_collections.ConfigDict, name: str = "") -> dict[str, tuple[int, int]]:
    """The batch and its parts of each training that a configuration holds."""
    found = {name: (config.batch_size, config.accumulate)} if "batch_size" in config else {}
    for field, value in config.items():
        if isinstance(value, ml_collections.ConfigDict):
            found |= _batches(value, f"{name}.{field}")
    return found


@pytest.mark.parametrize(
    "start", _STARTS, ids=[f"{start.file}-{i}" for i, start in enumerate(_STARTS)]
)
def test_the_batches_divide_among_the_devices(start):
    batches = _batches(start.config)
    # ST-GAN's and G_N's, or those of all that an evaluation trains.
    if "method" in start.config:
        assert set(batches) == {"", ".noise_gan"}
    else:
        assert {".methods.measured.train", ".recognisers.wu2017.train"} <= set(batches)
    for name, (batch, parts) in batches.items():
        assert batch % (start.devices * parts) == 0, name
        if _CLUSTER.get(start.file) == start.devices:
            # And among those of a larger slice.
            assert batch % math.lcm(16, 64) == 0, name


def _on_this_machine(start: _Start, data: list[str], workdir: pathlib.Path) -> list[str]:
    """The arguments, for tiny networks and drawn people in place of the walkers."""
    left_out = ("--workdir=", "--coordinator_address=", "--num_processes=", "--process_id=")
    own = [word for word in start.arguments if not word.startswith((*left_out, "--config="))]
    (config,) = (word for word in start.arguments if word.startswith("--config="))
    tiny = {key: value for key, value in TINY.items() if not key.endswith("batch_size")}
    # G_N's batch is looked at above; training it, too, would take as long again.
    tiny |= {"train_steps": 2, "noise": "gaussian"}
    flags = [f"--config.{key}={value}" for key, value in tiny.items()]
    return [f"{config}:casia_a", *own, *flags, *data, f"--workdir={workdir}", "--noprogress"]


# All other starts train on fewer devices, or with other flags of what finds processes.
_LARGEST = max(_STARTS, key=lambda start: (start.devices, start.file == "gke_jobset.yaml"))


def test_the_largest_starts_as_it_stands(casia_a_dir, data_dir, trained_run, tmp_path):
    # trained_run has prepared the data set.
    data = [f"--config.data.manual_dir={casia_a_dir}", f"--config.data.data_dir={data_dir}"]
    workdir = tmp_path / "run"
    done = processes.run(
        [sys.executable, "-m", "gait_jax.train", *_on_this_machine(_LARGEST, data, workdir)],
        env=processes.devices(_LARGEST.devices),
    )
    assert done.returncode == 0, done.stderr
    assert "does not divide" not in done.stderr
    assert json.loads((workdir / "config.json").read_text())["batch_size"] == 64
    (begun,) = json.loads((workdir / "provenance.json").read_text())["starts"]
    assert (len(begun["devices"]), begun["result"]["step"]) == (16, 2)
