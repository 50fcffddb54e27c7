import copy
import re
import shlex

import pytest
import yaml
from drawn import load_config
from kubeflow_trainer_api.models.io_k8s_api_batch_v1_job import IoK8sApiBatchV1Job
from kubeflow_trainer_api.models.io_k8s_api_core_v1_persistent_volume_claim import (
    IoK8sApiCoreV1PersistentVolumeClaim,
)
from kubeflow_trainer_api.models.jobset_v1alpha2_job_set import JobsetV1alpha2JobSet
from launchers import LAUNCH
from pydantic import ValidationError

_ROOT = LAUNCH.parent
_JOBSETS = ["gke_jobset.yaml", "gke_jobset_gpu.yaml"]


def _read(name: str) -> dict:
    (document,) = yaml.safe_load_all((LAUNCH / name).read_text(encoding="utf-8"))
    return document


def _fits(document: dict, model=JobsetV1alpha2JobSet) -> bool:
    """Whether each field is one of the API and of its type.

    The models are generated from Kubernetes' and JobSet's schemas. They leave out fields that they
    do not know and fill in required ones that are missing, so that those do not come back as given.
    """
    try:
        return model.from_dict(copy.deepcopy(document)).to_dict() == document
    except ValidationError:
        return False


def _job(jobset: dict) -> dict:
    (replicated,) = jobset["spec"]["replicatedJobs"]
    return replicated["template"]["spec"]


def _pod(jobset: dict) -> dict:
    return _job(jobset)["template"]["spec"]


def _container(jobset: dict) -> dict:
    (container,) = _pod(jobset)["containers"]
    return container


def _arguments(jobset: dict) -> dict[str, str]:
    """The container's arguments that have a value."""
    return dict(each.split("=", 1) for each in _container(jobset)["args"] if "=" in each)


@pytest.fixture(params=_JOBSETS)
def jobset(request):
    return _read(request.param)


def test_every_file_is_looked_at():
    files = {path.name for path in LAUNCH.glob("*.y*ml")}
    assert files == {*_JOBSETS, "gke_evaluate.yaml", "gke_sweep.yaml", "gke_volume.yaml"}


def test_jobsets_fit_the_schema(jobset):
    assert (jobset["apiVersion"], jobset["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    assert _fits(jobset)


def _rename(mapping, old, new):
    mapping[new] = mapping.pop(old)


@pytest.mark.parametrize(
    "damage",
    [
        lambda jobset: _job(jobset).update(parallelism="four"),
        lambda jobset: _rename(_job(jobset), "completionMode", "completionmode"),
        lambda jobset: _rename(jobset["spec"]["failurePolicy"], "maxRestarts", "max_restarts"),
        lambda jobset: jobset["spec"]["failurePolicy"]["rules"][0].pop("name"),
        lambda jobset: _rename(_pod(jobset), "terminationGracePeriodSeconds", "grace"),
        lambda jobset: _container(jobset)["volumeMounts"][0].pop("mountPath"),
        lambda jobset: _container(jobset).update(args="--config=c"),
    ],
)
def test_what_does_not_fit_the_schema_would_be_seen(jobset, damage):
    damage(jobset)
    assert not _fits(jobset)


def test_the_volume_fits_the_schema_and_is_shared_by_the_pods(jobset):
    volume = _read("gke_volume.yaml")
    assert _fits(volume, IoK8sApiCoreV1PersistentVolumeClaim)
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    shared = _pod(jobset)["volumes"][0]
    assert shared["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]
    assert _container(jobset)["volumeMounts"][0] == {"name": "shared", "mountPath": "/shared"}


def test_only_being_stopped_restarts_without_being_counted(jobset):
    rules = _job(jobset)["podFailurePolicy"]["rules"]
    assert {rule["action"] for rule in rules} == {"FailJob"}
    codes, conditions = rules
    assert codes["onExitCodes"] == {
        "containerName": _container(jobset)["name"],
        "operator": "In",
        "values": [75],
    }
    assert [condition["type"] for condition in conditions["onPodConditions"]] == [
        "DisruptionTarget"
    ]
    policy = jobset["spec"]["failurePolicy"]
    (rule,) = policy["rules"]
    assert rule["onJobFailureReasons"] == ["PodFailurePolicy"]
    assert rule["action"] == "RestartJobSetAndIgnoreMaxRestarts"
    assert policy["maxRestarts"] > 0


def test_a_process_that_fails_ends_its_job(jobset):
    assert _job(jobset)["backoffLimit"] == 0
    # podFailurePolicy is refused with any other.
    assert _pod(jobset)["restartPolicy"] == "Never"


def test_all_processes_run_at_once_and_are_numbered(jobset):
    job = _job(jobset)
    assert job["parallelism"] == job["completions"]
    assert job["completionMode"] == "Indexed"


def test_there_is_time_to_save(jobset):
    assert _pod(jobset)["terminationGracePeriodSeconds"] >= 300


def test_the_arguments_name_a_configuration_and_the_shared_volume(jobset):
    arguments = _arguments(jobset)
    assert (_ROOT / arguments["--config"]).is_file()
    assert "data_dir" in load_config("stgan", "walkers").data
    assert arguments["--config.data.data_dir"].startswith("/shared/")
    assert arguments["--workdir"].startswith("/shared/")


def test_a_slice_has_as_many_chips_as_its_topology():
    jobset = _read("gke_jobset.yaml")
    rows, columns = _pod(jobset)["nodeSelector"]["cloud.google.com/gke-tpu-topology"].split("x")
    chips = _container(jobset)["resources"]["limits"]["google.com/tpu"]
    assert chips * _job(jobset)["parallelism"] == int(rows) * int(columns)


def test_gpu_processes_are_told_of_each_other():
    jobset = _read("gke_jobset_gpu.yaml")
    container = _container(jobset)
    arguments = _arguments(jobset)
    assert int(arguments["--num_processes"]) == _job(jobset)["parallelism"]
    name = jobset["metadata"]["name"]
    (replicated,) = jobset["spec"]["replicatedJobs"]
    host, port = arguments["--coordinator_address"].split(":")
    assert host == f"{name}-{replicated['name']}-0-0.{name}"
    assert int(port) in {port["containerPort"] for port in container["ports"]}
    (variable,) = container["env"]
    assert arguments["--process_id"] == f"$({variable['name']})"
    assert variable["valueFrom"]["fieldRef"]["fieldPath"] == (
        "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    )


def test_the_two_jobsets_differ_in_the_accelerator_alone():
    tpu, gpu = map(_read, _JOBSETS)
    del tpu["metadata"]["annotations"]
    for jobset in (tpu, gpu):
        for key in ("parallelism", "completions"):
            del _job(jobset)[key]
        del _pod(jobset)["nodeSelector"]
        container = _container(jobset)
        for key in ("ports", "resources"):
            del container[key]
    container = _container(gpu)
    del container["env"]
    assert _pod(gpu)["volumes"].pop() == {"name": "memory", "emptyDir": {"medium": "Memory"}}
    assert container["volumeMounts"].pop() == {"name": "memory", "mountPath": "/dev/shm"}
    added = ("--coordinator_address=", "--num_processes=", "--process_id=")
    container["args"] = [each for each in container["args"] if not each.startswith(added)]
    assert tpu == gpu


@pytest.mark.parametrize("what", ["sweep", "evaluate"])
def test_shares_are_restarted_apart_and_numbered(what):
    shared = _read(f"gke_{what}.yaml")
    assert (shared["apiVersion"], shared["kind"]) == ("batch/v1", "Job")
    assert _fits(shared, IoK8sApiBatchV1Job)
    job = shared["spec"]
    assert job["completionMode"] == "Indexed" and job["backoffLimitPerIndex"] > 0
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["template"]["spec"]["terminationGracePeriodSeconds"] >= 300
    (container,) = job["template"]["spec"]["containers"]
    codes, conditions = job["podFailurePolicy"]["rules"]
    # Not counted, and begun again.
    assert codes["action"] == conditions["action"] == "Ignore"
    assert codes["onExitCodes"] == {
        "containerName": container["name"],
        "operator": "In",
        "values": [75],
    }
    assert [each["type"] for each in conditions["onPodConditions"]] == ["DisruptionTarget"]
    arguments = dict(each.split("=", 1) for each in container["args"] if "=" in each)
    assert arguments["--task"] == "$(JOB_COMPLETION_INDEX)"
    assert int(arguments["--tasks"]) == job["completions"]
    assert (_ROOT / arguments["--config"]).is_file()
    # One process a GPU.
    assert arguments["--num_processes"] == "1"
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 1}
    assert container["command"] == shlex.split(f"tini -- python -m gait_jax.{what}")


def test_the_image_passes_signals_on():
    lines = (LAUNCH / "Dockerfile").read_text(encoding="utf-8").splitlines()
    (entry,) = (line for line in lines if line.startswith("ENTRYPOINT "))
    assert re.findall(r'"(.*?)"', entry) == shlex.split("tini -- python -m gait_jax.train")
