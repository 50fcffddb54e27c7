"""The data sets: TFDS builders by name, prepared where they are not yet."""

import pathlib
from typing import Any

import tensorflow_datasets as tfds
from absl import logging

from gait_jax.runtime.errors import InputError
from tfds_casia.casia_a import casia_a_dataset_builder
from tfds_casia.casia_b import casia_b_dataset_builder

BUILDERS = {
    "casia_a": lambda data_dir: casia_a_dataset_builder.Builder(data_dir=data_dir),
    "casia_b": lambda data_dir: casia_b_dataset_builder.Builder(
        data_dir=data_dir, config="silhouettes"
    ),
}


def open_dataset(name: str, data_dir: str, manual_dir: str) -> tfds.core.DatasetBuilder:
    """Opens a data set, preparing it first where that is still to be done.

    Args:
      name: a key of `BUILDERS`.
      data_dir: where prepared data sets stand; empty for TFDS's own default.
      manual_dir: where the original files stand; needed only to prepare.

    Returns:
      A prepared builder.

    Raises:
      InputError: the name is not known, the folder is missing or holds nothing of the data set, or
        the data set was prepared from another folder.
    """
    if name not in BUILDERS:
        raise InputError(f"data.name {name!r} is not known: use one of {', '.join(BUILDERS)}")
    builder = BUILDERS[name](str(pathlib.Path(data_dir).expanduser()) if data_dir else None)
    origin = pathlib.Path(manual_dir).expanduser().resolve() if manual_dir else None
    if builder.is_prepared():
        built_from = (builder.info.metadata or {}).get("manual_dir")
        if origin and built_from and str(origin) != built_from:
            raise InputError(
                f"{builder.data_path} was prepared from {built_from}, not from {origin}: set "
                "--config.data.data_dir to another folder, or remove the prepared data set"
            )
        return builder
    if origin is None:
        raise InputError(
            f"{name} is not prepared in {builder.data_path}: set --config.data.manual_dir to the "
            "folder that holds its original files"
        )
    if not origin.is_dir():
        raise InputError(
            f"{origin} (data.manual_dir) is not a folder: give the one that holds {name}"
        )
    logging.info("Preparing %s from %s in %s.", name, origin, builder.data_path)
    config = tfds.download.DownloadConfig(manual_dir=str(origin))
    try:
        builder.download_and_prepare(download_config=config, file_format="array_record")
    except FileNotFoundError as error:
        raise InputError(" ".join(str(error).split())) from None
    return builder


def describe(builder: tfds.core.DatasetBuilder) -> dict[str, Any]:
    """What a run should write down of its data set."""
    metadata = builder.info.metadata or {}
    return {
        "name": builder.name,
        "version": str(builder.version),
        "manual_dir": metadata.get("manual_dir"),
        "synthetic": bool(metadata.get("synthetic", False)),
    }
