"""What the builders of silhouette data sets share: the features, and the way to disk."""

import dataclasses
import functools
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from tfds_casia import png, report
from tfds_casia.naming import Naming, SequenceName
from tfds_casia.report import Report
from tfds_casia.silhouette_sequences import Source, find_sequences
from tfds_casia.videos import Videos

# The split's name on disk. It cannot be "all": that is TFDS's word for the union of all splits, so
# reading "all" gives this one, and "sequences[:10%]" a part of it.
SPLIT = "sequences"

# The name of configurations in colour.
RGB = "rgb"

# A shard is held in memory while it is written; this many sequences take about 20 MB, in colour
# some ten.
_SEQUENCES_PER_SHARD = 256
_COLOUR_SEQUENCES_PER_SHARD = 8

_Example = dict[str, Any]


class PngBytes(tfds.decode.SkipDecoding):
    """Decoder that leaves frames as PNG files: `as_data_source(..., decoders={"frames": ...})`.

    TFDS's own `SkipDecoding` does the same for single images, but fails for a sequence of them when
    there is no TensorFlow.
    """

    def decode_batch_example_np(self, serialized_example: np.ndarray) -> np.ndarray:
        """Returns the files as they are, an object array `[T]` of bytes."""
        return serialized_example


def silhouette_features() -> tfds.features.FeaturesDict:
    """Returns the features of one sequence, the same for every data set of silhouettes."""
    frame = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
    return tfds.features.FeaturesDict(
        {
            "frames": tfds.features.Sequence(frame, doc="Silhouettes, 255 on 0, rising in time."),
            "frame_numbers": tfds.features.Sequence(
                np.int32, doc="Number of each frame in its file's name; missing frames leave gaps."
            ),
            "subject": tfds.features.Text(doc="Who walks."),
            "condition": tfds.features.Text(doc="nm: normal, bg: with a bag, cl: in a coat."),
            "sequence": tfds.features.Scalar(
                np.int32, doc="Number of the walk within subject and condition, from 1."
            ),
            "view": tfds.features.Scalar(np.int32, doc="Camera angle in degrees."),
        }
    )


def colour_features() -> tfds.features.FeaturesDict:
    """Returns the features of one sequence in colour: those of silhouettes and others besides."""
    colour = tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="jpeg")
    return tfds.features.FeaturesDict(
        {
            **silhouette_features(),
            "colour_frames": tfds.features.Sequence(
                colour, doc="The scene in colour, one for each silhouette."
            ),
            "background": tfds.features.Image(
                shape=(None, None, 3),
                dtype=np.uint8,
                encoding_format="png",
                doc="The scene without the person.",
            ),
        }
    )


class SilhouetteBuilder(tfds.core.ShardBasedBuilder, skip_registration=True):
    """Builds a data set of silhouettes from a folder that the user has filled.

    One example is one sequence; examples lie on disk in the order of their keys. Works without
    TensorFlow: records are ArrayRecord, and it writes shard by shard because TFDS's generator-based
    builder sorts through TensorFlow's files as soon as a data set exceeds a gigabyte.

    A prepared data set is opened by `Builder(data_dir=...)` and read by one of::

        source = builder.as_data_source("all", decoders={"frames": tfds_casia.PngBytes()})
        source = builder.as_data_source("all")

    The first gives `frames` as an object array `[T]` of PNG files, each a bytes object, and is two
    orders of magnitude faster; the second decodes to a list of T uint8 arrays `[H, W, 1]`, with
    OpenCV or else Pillow. In both, `frame_numbers` is a list of T integers, `subject` and
    `condition` are bytes, `sequence` and `view` integers.

    `builder.info.metadata` says what the data set was built from, what it holds and what was left
    out of it; see `tfds_casia.report.Report.as_metadata`.

    A configuration named "rgb" has besides, for each frame, the scene in colour (`colour_frames`),
    and for each sequence the scene without the person (`background`); see `tfds_casia.videos`.
    Sequences of which either is missing are left out.

    Subclasses set `NAMING`, `HOMEPAGE` and what TFDS asks for.
    """

    NAMING: ClassVar[Naming]
    HOMEPAGE: ClassVar[str]

    # Nothing is downloaded, so there are no checksums. TFDS 4.9 would look for some through
    # importlib_resources, a package that it does not ask to be installed.
    url_infos = None

    def __init__(self, *, file_format: str = "array_record", **kwargs: Any) -> None:
        """See `tfds.core.DatasetBuilder`; only ArrayRecord can do without TensorFlow."""
        super().__init__(file_format=file_format, **kwargs)

    @property
    def _in_colour(self) -> bool:
        return self.builder_config is not None and self.builder_config.name == RGB

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=colour_features() if self._in_colour else silhouette_features(),
            homepage=self.HOMEPAGE,
            # Filled after generation. What stands here would be taken for the prepared data's.
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _download_and_prepare(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig | None = None,
    ) -> None:
        self._manual_dir = pathlib.Path(dl_manager.manual_dir).resolve()
        self._account = Report(str(self._manual_dir))
        # Lies where the environment's TMPDIR says and grows to the size of the archives' frames.
        with tempfile.TemporaryFile() as self._spool:
            super()._download_and_prepare(dl_manager, download_config)
        if not self._account.frames:
            raise self._nothing_found()
        self._account.log()
        self.info.metadata.update(self._account.as_metadata())

    def _shard_iterators_per_split(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, Sequence[Callable[[], Iterator[tuple[str, _Example]]]]]:
        del dl_manager
        # Where colour is not asked for, a video is a stray file like any other.
        naming = self.NAMING if self._in_colour else dataclasses.replace(self.NAMING, video=None)
        found = find_sequences(self._manual_dir, naming, self._spool, self._account)
        if not found:
            raise self._nothing_found()
        self._videos, size = None, _SEQUENCES_PER_SHARD
        if self._in_colour:
            self._videos = Videos(self._manual_dir, self.NAMING, self._account)
            self._videos.without([name for name, _ in found])
            size = _COLOUR_SEQUENCES_PER_SHARD
        shards = [found[start : start + size] for start in range(0, len(found), size)]
        return {
            SPLIT: [
                functools.partial(
                    self._examples, shard, f"Writing shard {index} of {len(shards)}..."
                )
                for index, shard in enumerate(shards, start=1)
            ]
        }

    def _examples(
        self, sequences: list[tuple[SequenceName, Source]], title: str
    ) -> Iterator[tuple[str, _Example]]:
        progress = tfds.core.utils.tqdm(sequences, desc=title, unit=" sequences", leave=False)
        for name, source in progress:
            example = _read_sequence(name, source, self._account)
            if example is not None and self._videos is not None:
                example = self._videos.add_colour(name, example)
            if example is not None:
                self._account.add(name, len(example["frames"]))
                yield name.key, example

    def _nothing_found(self) -> FileNotFoundError:
        skipped = self._account.as_metadata()["skipped"]
        seen = ", ".join(f"{entry['count']} × {reason}" for reason, entry in skipped.items())
        return FileNotFoundError(
            f"No readable frame of {self.name} in {self._manual_dir}, neither in its folders, at "
            f"any depth, nor in archives (.zip, .tar, .tar.gz, ...). Looked for files named like "
            f"{self.NAMING.example}. Passed over: {seen or 'nothing'}. Point manual_dir at the "
            f"folder that holds the data set.\n{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
        )


def _read_sequence(name: SequenceName, source: Source, account: Report) -> _Example | None:
    """Returns a sequence's example, or None if none of its frames can be read."""
    frames: dict[int, bytes] = {}
    for number, path, data in source.files():
        if data == b"":
            account.skip(report.EMPTY_FILE, path)
            continue
        try:
            if data is None:
                raise png.UnreadableFrameError("not readable")
            frame = png.to_grey_png(data)
        except png.UnreadableFrameError as error:
            account.skip(report.UNREADABLE_FRAME, f"{path} ({error})")
            continue
        if number in frames:
            account.skip(report.DUPLICATE_FRAME, path)
            continue
        frames[number] = frame.data
        if frame.black:
            account.note(report.BLACK_FRAME, path)
        if frame.reencoded:
            account.note(report.REENCODED_FRAME, path)
    if not frames:
        account.skip(report.NO_READABLE_FRAME, f"{source.location} ({name.key})")
        return None
    return {
        "frames": list(frames.values()),
        "frame_numbers": list(frames),
        "subject": name.subject,
        "condition": name.condition,
        "sequence": name.sequence,
        "view": name.view,
    }
