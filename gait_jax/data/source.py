"""The data sets: TFDS builders by name, prepared where they are not yet."""

import pathlib
from typing import Any

import tensorflow_datasets as tfds
from absl import logging

import tfds_casia
from gait_jax.runtime.errors import InputError
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.walkers_dataset_builder import WalkersConfig


def _walkers(data_dir: str | None, subjects: int) -> tfds.core.DatasetBuilder:
    plan = Plan(subjects=subjects)
    # Data sets lie on disk by their configuration's name: another size needs another one.
    config: str | WalkersConfig = "silhouettes"
    if plan != Plan():
        config = WalkersConfig(name=f"silhouettes_{subjects}", plan=plan)
    return tfds_casia.Walkers(data_dir=data_dir, config=config)


# How to open each data set, from its folder and the number of synthetic subjects to make.
BUILDERS = {
    "walkers": _walkers,
    "casia_a": lambda data_dir, subjects: tfds_casia.CasiaA(data_dir=data_dir),
    "casia_b": lambda data_dir, subjects: tfds_casia.CasiaB(data_dir=data_dir),
}
SYNTHETIC = frozenset({"walkers"})


def open_dataset(
    name: str, data_dir: str, manual_dir: str, subjects: int = Plan().subjects
) -> tfds.core.DatasetBuilder:
    """Opens a data set, preparing it first where that is still to be done.

    Args:
        name: a key of `BUILDERS`.
        data_dir: where prepared data sets stand; empty for TFDS's own default.
        manual_dir: where the original files stand; needed only to prepare a real data set.
        subjects: how many people to make, for a synthetic data set.

    Returns:
        A prepared builder.

    Raises:
        InputError: the name is not known, the folder is missing or holds nothing of the data set,
            or the data set was prepared from another folder.
    """
    if name not in BUILDERS:
        raise InputError(f"data.name {name!r} is not known: use one of {', '.join(BUILDERS)}")
    builder = BUILDERS[name](
        str(pathlib.Path(data_dir).expanduser()) if data_dir else None, subjects
    )
    if name in SYNTHETIC:
        _prepare_synthetic(builder, manual_dir)
    else:
        _prepare_real(builder, manual_dir)
    return builder


def _prepare_synthetic(builder: tfds.core.DatasetBuilder, manual_dir: str) -> None:
    if manual_dir:
        raise InputError(
            f"{builder.name} is made, not read: leave data.manual_dir empty, or choose the data "
            "set whose files these are (--config=FILE:casia_a or :casia_b)"
        )
    if not builder.is_prepared():
        logging.info("Making synthetic data: %s in %s.", builder.name, builder.data_path)
        builder.download_and_prepare()


def _prepare_real(builder: tfds.core.DatasetBuilder, manual_dir: str) -> None:
    origin = pathlib.Path(manual_dir).expanduser().resolve() if manual_dir else None
    if builder.is_prepared():
        built_from = (builder.info.metadata or {}).get("manual_dir")
        if origin and built_from and str(origin) != built_from:
            raise InputError(
                f"{builder.data_path} was prepared from {built_from}, not from {origin}: set "
                "--config.data.data_dir to another folder, or remove the prepared data set"
            )
        return
    if origin is None:
        raise InputError(
            f"{builder.name} is not prepared in {builder.data_path}: set "
            "--config.data.manual_dir to the folder that holds its original files"
        )
    if not origin.is_dir():
        raise InputError(
            f"{origin} (data.manual_dir) is not a folder: give the one that holds {builder.name}"
        )
    logging.info("Preparing %s from %s in %s.", builder.name, origin, builder.data_path)
    config = tfds.download.DownloadConfig(manual_dir=str(origin))
    try:
        builder.download_and_prepare(download_config=config)
    except FileNotFoundError as error:
        raise InputError(" ".join(str(error).split())) from None


def direction(name: str, view: int, sequence: int) -> int:
    """The direction in which a recorded person walks, in degrees: what recognisers call the view.

    CASIA-A's even sequences walk the other way under the name of the same view; from the side, the
    two are mirror images of each other.

    Args:
        name: of the data set.
        view: as the data set names it.
        sequence: number of the sequence.
    """
    return view + 180 if name == "casia_a" and sequence % 2 == 0 else view


def describe(builder: tfds.core.DatasetBuilder) -> dict[str, Any]:
    """What a run should write down of its data set."""
    metadata = builder.info.metadata or {}
    return {
        "name": builder.name,
        "version": str(builder.version),
        "manual_dir": metadata.get("manual_dir"),
        "synthetic": bool(metadata.get("synthetic", False)),
    }
