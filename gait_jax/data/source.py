"""The data sets: TFDS builders by name, prepared where they are not yet.

What is particular to one of them its builder says (`tfds_casia.data_set.GaitDataSet`).
"""

import contextlib
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds
from absl import logging
from google.protobuf import json_format

import tfds_casia
from gait_jax.runtime import homes
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import reason_of
from gait_jax.runtime.fingerprint import fingerprint
from tfds_casia import folders, parts
from tfds_casia.data_set import RGB, SILHOUETTES


def open_dataset(
    name: str,
    data_dir: str,
    manual_dir: str,
    subjects: int | None = None,
    form: str = SILHOUETTES,
) -> tfds.core.DatasetBuilder:
    """Opens a data set, preparing it first where that is still to be done.

    Where several processes open the same data set, one prepares it and the others wait. As that
    starts processes, a script must call this below `if __name__ == "__main__":`.

    Args:
        name: a key of `tfds_casia.DATA_SETS`.
        data_dir: where prepared data sets stand; empty for TFDS's own default.
        manual_dir: where the original files stand; needed only to prepare a real data set.
        subjects: how many people to make, for a synthetic data set; None for as many as usual.
        form: `SILHOUETTES` or `RGB`.

    Returns:
        A prepared builder.

    Raises:
        InputError: the name is not known, the data set has no such form, the folder is missing or
            holds nothing of the data set, the data set was prepared from another folder, its
            folder cannot be locked, or one of the preparing processes was ended.
    """
    data_sets = tfds_casia.DATA_SETS
    if name not in data_sets:
        raise InputError(f"data.name {name!r} is not known: use one of {', '.join(data_sets)}")
    found = data_sets[name]
    if form not in found.FORMS:
        what = "colour" if form == RGB else form
        others = [other for other in data_sets if form in data_sets[other].FORMS]
        raise InputError(
            f"{name} has no {what}: choose {' or '.join(others)} (--config=FILE:{others[-1]})"
        )
    with _naming_damage(data_dir or "TFDS's own data directory"):
        builder = found.open(str(_data_directory(data_dir)), subjects, form)
        # Read when it is first asked for.
        _ = builder.info.metadata
    if found.SYNTHETIC:
        _prepare_synthetic(builder, manual_dir)
    else:
        _prepare_real(builder, manual_dir)
    return builder


def _data_directory(data_dir: str) -> pathlib.Path:
    """Where prepared data sets stand; TFDS's own folder where nothing is given."""
    return homes.expanded(data_dir or tfds.core.constants.DATA_DIR)


@contextlib.contextmanager
def _naming_damage(where: str) -> Iterator[None]:
    """Turns what TFDS raises on damaged files of a prepared data set into an `InputError`."""
    try:
        yield
    except InputError:
        raise
    except (
        AttributeError,
        KeyError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        json_format.ParseError,
    ) as error:
        raise InputError(
            f"the prepared data set in {where} is damaged ({reason_of(error)}): remove it, and it "
            "is prepared again"
        ) from None


class Examples:
    """The sequences of a prepared data set, random access; pictures stay files."""

    def __init__(self, builder: tfds.core.DatasetBuilder):
        """Opens them.

        Raises:
          InputError: the data set is damaged.
        """
        self._where = str(builder.data_path)
        with _naming_damage(self._where):
            self._source = builder.as_data_source("all", decoders=_undecoded(builder))

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One of them.

        Raises:
          InputError: the data set is damaged.
        """
        with _naming_damage(self._where):
            return self._source[index]


def _prepare_synthetic(builder: tfds.core.DatasetBuilder, manual_dir: str) -> None:
    if manual_dir:
        others = [f":{name}" for name in tfds_casia.DATA_SETS if not is_synthetic(name)]
        raise InputError(
            f"{builder.name} is made, not read: leave data.manual_dir empty, or choose the data "
            f"set whose files these are (--config=FILE{' or '.join(others)})"
        )
    if not builder.is_prepared():
        logging.info("Making synthetic data: %s in %s.", builder.name, builder.data_path)
        _prepare(builder, tfds.download.DownloadConfig())


def _prepare(builder: tfds.core.DatasetBuilder, config: tfds.download.DownloadConfig) -> None:
    try:
        builder.download_and_prepare(download_config=config)
    except FileNotFoundError as error:
        raise InputError(" ".join(str(error).split())) from None
    except (folders.NoLocksError, parts.WorkerLostError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise InputError(
            f"{builder.name} cannot be prepared in {builder.data_path} ({reason_of(error)}): make "
            "room, or choose another data.data_dir; what is done is kept"
        ) from None


def _prepare_real(builder: tfds.core.DatasetBuilder, manual_dir: str) -> None:
    origin = homes.expanded(manual_dir).resolve() if manual_dir else None
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
    _prepare(builder, tfds.download.DownloadConfig(manual_dir=str(origin)))


def _undecoded(builder: tfds.core.DatasetBuilder) -> dict[str, tfds.decode.Decoder]:
    """Decoders that leave every picture of a data set as the file that it is stored as."""
    decoders: dict[str, tfds.decode.Decoder] = {}
    for name, feature in builder.info.features.items():
        if isinstance(feature, tfds.features.Sequence):
            if isinstance(feature.feature, tfds.features.Image):
                decoders[name] = tfds_casia.PngBytes()
        elif isinstance(feature, tfds.features.Image):
            decoders[name] = tfds.decode.SkipDecoding()
    return decoders


def direction(name: str, view: int, sequence: int, led: tuple[float, float]) -> int:
    """The direction in which a recorded person walks, in degrees: what recognisers call the view.

    Args:
        name: of the data set.
        view: as the data set names it.
        sequence: number of the sequence.
        led: where the walk led (see `tfds_casia.GaitDataSet.direction`).
    """
    return tfds_casia.DATA_SETS[name].direction(view, sequence, led)


def is_synthetic(name: str) -> bool:
    """Whether nobody real walks in a data set.

    Args:
        name: of the data set.
    """
    return tfds_casia.DATA_SETS[name].SYNTHETIC


def derived_directory(builder: tfds.core.DatasetBuilder, derived_dir: str) -> pathlib.Path:
    """Where what is derived from a data set is kept.

    Args:
      builder: a prepared data set.
      derived_dir: a folder for what is derived from any data set, so that the data set's own need
        not be written to. Where empty: beside the data set, or in the user's cache where that
        cannot be written and holds nothing yet.

    Raises:
      InputError: it cannot be made.
    """
    own = pathlib.Path(str(builder.data_path))
    if not derived_dir:
        # What somebody with the right to write has made of it is there for all.
        if os.access(own, os.W_OK) or any(own.glob("gaits-*")):
            return own
        derived_dir = str(homes.cache() / "derived")
        logging.info("%s cannot be written: what is made of it is kept in %s.", own, derived_dir)
    # Data sets of one version may hold other people.
    about = fingerprint(builder.info.full_name, (own / "dataset_info.json").read_text())
    directory = homes.expanded(derived_dir) / f"{builder.name}-{about}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{directory} cannot be made ({reason_of(error)}): choose another data.derived_dir"
        ) from None
    return directory


def made_directory(data_dir: str) -> pathlib.Path:
    """Where what is made of no data set is kept.

    Args:
      data_dir: where prepared data sets stand; empty for TFDS's own default.
    """
    return _data_directory(data_dir) / "made"


def describe(builder: tfds.core.DatasetBuilder) -> dict[str, Any]:
    """What a run should write down of its data set."""
    metadata = builder.info.metadata or {}
    return {
        "name": builder.name,
        "version": str(builder.version),
        "manual_dir": metadata.get("manual_dir"),
        "synthetic": bool(metadata.get("synthetic", False)),
    }
