"""Data sets that are built in parts: each part is one finished shard."""

import json
import os
import pathlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters
from tensorflow_datasets.core.dataset_builder import FileReaderBuilder
from tensorflow_datasets.core.example_serializer import ExampleSerializer

from tfds_casia import folders, parts

# The split's name on disk. It cannot be "all": that is TFDS's word for the union of all splits, so
# reading "all" gives this one, and "sequences[:10%]" a part of it.
SPLIT = "sequences"

Example = dict[str, Any]

_RECORDS = "records"
_ACCOUNT = "account.json"


def write_shard(
    directory: pathlib.Path,
    features: tfds.features.FeaturesDict,
    examples: Iterable[Example],
    account: Callable[[], Mapping[str, Any]],
) -> None:
    """Fills a part's folder with one shard; holds one example at a time.

    Args:
        directory: the part's empty folder.
        features: of the data set.
        examples: in the order of the shard.
        account: called when all examples are written; says what there is to know of them, as JSON
            values, with the number of `sequences` among it.
    """
    serializer = ExampleSerializer(features.get_serialized_info())

    def serialized() -> Iterator[tuple[None, bytes]]:
        for example in examples:
            record = serializer.get_tf_example(features.encode_example(example))
            # TFDS's own bytes differ from one time to the next, though not what they say.
            yield None, record.SerializeToString(deterministic=True)

    file_adapters.ArrayRecordFileAdapter.write_examples(directory / _RECORDS, serialized())
    (directory / _ACCOUNT).write_text(json.dumps(account()), encoding="utf-8")


class PartBuilder(FileReaderBuilder, skip_registration=True):
    """Builds a data set in parts that survive an interruption, on all cores, one process at a time.

    The parts lie in a folder `.parts-...` beside the data set until it is complete. Not one of
    TFDS's own ways: those build in one process, hold a whole shard in memory and start over when
    interrupted. Works without TensorFlow: records are ArrayRecord.

    Subclasses make the shards in `_make_shards`.
    """

    # Nothing is downloaded, so there are no checksums. TFDS 4.9 would look for some through
    # importlib_resources, a package that it does not ask to be installed.
    url_infos = None

    def __init__(
        self, *, file_format: str = "array_record", processes: int | None = None, **kwargs: Any
    ) -> None:
        """See `tfds.core.DatasetBuilder`.

        Args:
            file_format: only ArrayRecord can do without TensorFlow.
            processes: how many to build with; all cores that this process may use by default. The
                data are the same for any number.
            **kwargs: those of `tfds.core.DatasetBuilder`.
        """
        super().__init__(file_format=file_format, **kwargs)
        self._processes = processes or parts.cores()

    def download_and_prepare(self, **kwargs: Any) -> None:
        """See `tfds.core.DatasetBuilder`; one process prepares, others wait for it.

        Raises:
            NoLocksError: the data set's file system has no locks.
            WorkerLostError: one of the building processes ended before its work.
        """
        config = kwargs.get("download_config")
        anew = config is not None and config.download_mode.overwrite_dataset
        # A prepared data set may stand where nothing can be written, not even a lock.
        if anew or not self.is_prepared():
            parent = pathlib.Path(os.fspath(self.data_path.parent))
            parent.mkdir(parents=True, exist_ok=True)
            with folders.locked(parent / f".{self.version}.lock"):
                # What TFDS leaves where a process is killed while it puts the shards together.
                for left_over in parent.glob(f"incomplete.*_{self.version}"):
                    shutil.rmtree(left_over)
                super().download_and_prepare(**kwargs)
                folders.sync(parent / str(self.version))
                shutil.rmtree(parent / self._parts_name(), ignore_errors=True)
        if not self.info.splits:
            # Another process, which this one waited for, has prepared it.
            self.info.read_from_directory(self.data_path)

    def _parts_name(self) -> str:
        """Name of the folder of the parts; says what they depend on besides their own names."""
        raise NotImplementedError

    def _make_shards(
        self,
        folder: pathlib.Path,
        workers: parts.Workers,
        dl_manager: tfds.download.DownloadManager,
    ) -> list[pathlib.Path]:
        """Makes the parts that are missing.

        Args:
            folder: where the parts lie.
            workers: make them.
            dl_manager: knows the folder that the user has filled.

        Returns:
            The shards in order, folders filled by `write_shard`.
        """
        raise NotImplementedError

    def _finish(self, accounts: list[dict[str, Any]]) -> Mapping[str, Any]:
        """Returns the data set's metadata from what is known of its shards."""
        raise NotImplementedError

    def _download_and_prepare(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig | None = None,
    ) -> None:
        del download_config
        # The data path is that of an unfinished data set now, with another name at each attempt.
        target = pathlib.Path(os.fspath(self.data_path))
        folder = target.parent / self._parts_name()
        with parts.Workers(self._processes) as workers:
            shards = self._make_shards(folder, workers, dl_manager)
        accounts = [json.loads((shard / _ACCOUNT).read_text(encoding="utf-8")) for shard in shards]
        metadata = self._finish(accounts)
        template = self._get_filename_template(split_name=SPLIT)
        size = 0
        for index, shard in enumerate(shards):
            path = template.sharded_filepath(shard_index=index, num_shards=len(shards))
            _place(shard / _RECORDS, pathlib.Path(os.fspath(path)))
            size += (shard / _RECORDS).stat().st_size
        lengths = [account["sequences"] for account in accounts]
        split = tfds.core.SplitInfo(
            name=SPLIT, shard_lengths=lengths, num_bytes=size, filename_template=template
        )
        self.info.set_splits(tfds.core.SplitDict([split]))
        self.info.metadata.update(metadata)


def _place(records: pathlib.Path, path: pathlib.Path) -> None:
    """Gives a part's records another name; the part stays whole until the data set is."""
    try:
        os.link(records, path)
    except OSError:
        # Some file systems have no second names.
        shutil.copyfile(records, path)
