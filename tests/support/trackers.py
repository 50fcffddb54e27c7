"""Stand-ins for tracking packages: the part of their documented interfaces that writers use.

They keep what they are given in files, as the real ones do, and so outlast a start.
"""

import importlib.machinery
import json
import pathlib
import types


def _module(name, **members):
    module = types.ModuleType(name)
    # By which it counts as installed.
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    vars(module).update(members)
    return module


class SummaryWriter:
    """`tensorboardX.SummaryWriter`: what a folder's files hold, as TensorBoard shows it."""

    shown: dict[str, dict] = {}

    def __init__(self, logdir, purge_step=None, flush_secs=120):
        pathlib.Path(logdir).mkdir(parents=True, exist_ok=True)
        self._shown = self.shown.setdefault(logdir, {"rows": [], "hparams": []})
        if purge_step is not None:
            self._shown["rows"] = [row for row in self._shown["rows"] if row[1] < purge_step]

    def add_scalar(self, tag, scalar_value, global_step):
        self._shown["rows"].append((tag, global_step, scalar_value))

    def add_image(self, tag, img_tensor, global_step, dataformats):
        assert dataformats == "HWC" and img_tensor.dtype == "uint8"
        self._shown["rows"].append((tag, global_step, float(img_tensor.mean())))

    def add_hparams(self, hparam_dict, metric_dict, name):
        assert all(isinstance(value, (bool, str, float, int)) for value in hparam_dict.values())
        self._shown["hparams"].append(hparam_dict)

    def close(self):
        pass


def tensorboard():
    """The package `tensorboardX`."""
    return _module("tensorboardX", SummaryWriter=SummaryWriter)


class WandbRun:
    """`wandb.Run`, offline."""

    offline, step = True, 0

    def __init__(self, folder, name, config):
        self.dir = str(folder / "files")
        self._file = folder / "rows.jsonl"
        folder.mkdir(parents=True)
        self._kept, self._name = [], name
        self.config = types.SimpleNamespace(update=lambda values, allow_val_change: config(values))

    def log(self, row, step, commit):
        assert commit and (not self._kept or step > self._kept[-1]["_step"])
        self._kept.append({"_step": step} | dict(row))

    def finish(self):
        # Theirs, too, reaches the file at the end alone, where it is killed before.
        lines = [json.dumps(row, default=lambda image: image.mean) for row in self._kept]
        self._file.write_text("\n".join(lines))


def wandb(configs):
    """The package; what `Run.config` was given is appended to `configs`."""
    made = []

    def init(*, id, resume, dir, name):
        assert resume == "allow"
        folder = pathlib.Path(dir) / "wandb" / f"offline-run-{len(made)}-{id}"
        made.append(WandbRun(folder, name, configs.append))
        return made[-1]

    def image(array):
        return types.SimpleNamespace(mean=float(array.mean()))

    return _module("wandb", init=init, Image=image, Error=RuntimeError)


def wandb_rows(workdir):
    """All rows that are there when all of a run's starts are put together."""
    files = sorted((workdir / "wandb").glob("*/rows.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


class MlflowClient:
    """`mlflow.MlflowClient`, whose stores are kept by their address."""

    stores: dict[str, dict] = {}

    def __init__(self, tracking_uri):
        self._store = self.stores.setdefault(tracking_uri, {"runs": {}, "experiments": {}})

    def get_experiment_by_name(self, name):
        return self._store["experiments"].get(name)

    def create_experiment(self, name, artifact_location):
        self._store["experiments"][name] = types.SimpleNamespace(experiment_id=name)
        return name

    def create_run(self, experiment_id, run_name):
        run = f"{experiment_id}-{run_name}"
        self._store["runs"][run] = {"metrics": {}, "params": {}, "tags": {}, "files": {}}
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=run))

    def get_run(self, run_id):
        run = self._store["runs"][run_id]
        metrics = {name: found[-1].value for name, found in run["metrics"].items()}
        return types.SimpleNamespace(
            data=types.SimpleNamespace(metrics=metrics, params=dict(run["params"]))
        )

    def get_metric_history(self, run_id, key):
        return list(self._store["runs"][run_id]["metrics"][key])

    def log_batch(self, run_id, metrics=(), params=(), tags=()):
        run = self._store["runs"][run_id]
        for metric in metrics:
            run["metrics"].setdefault(metric.key, []).append(metric)
        for param in params:
            assert run["params"].setdefault(param.key, param.value) == param.value
        run["tags"] |= {tag.key: tag.value for tag in tags}

    def log_artifact(self, run_id, local_path, artifact_path):
        path = pathlib.Path(local_path)
        self._store["runs"][run_id]["files"][f"{artifact_path}/{path.name}"] = path.read_bytes()

    def set_terminated(self, run_id, status="FINISHED"):
        self._store["runs"][run_id]["status"] = status


def _entity(*names):
    def made(*values):
        return types.SimpleNamespace(**dict(zip(names, values, strict=True)))

    return made


def mlflow():
    """The package."""
    entities = types.SimpleNamespace(
        Metric=_entity("key", "value", "timestamp", "step"),
        Param=_entity("key", "value"),
        RunTag=_entity("key", "value"),
    )
    exceptions = types.SimpleNamespace(MlflowException=RuntimeError)
    return _module("mlflow", MlflowClient=MlflowClient, entities=entities, exceptions=exceptions)
