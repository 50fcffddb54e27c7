"""What the builders of silhouette data sets share: the way from the original files to disk."""

import dataclasses
import functools
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

import tensorflow_datasets as tfds

from tfds_casia import parts, png, report, spool, videos
from tfds_casia.data_set import RGB, GaitDataSet
from tfds_casia.features import colour_features, silhouette_features
from tfds_casia.fingerprint import fingerprint
from tfds_casia.naming import Naming, SequenceName
from tfds_casia.part_builder import Example, PartBuilder, write_shard
from tfds_casia.report import Report
from tfds_casia.silhouette_sequences import Source, file_state, find_sequences

# A shard is what an interruption can cost each core: some seconds of work.
_SEQUENCES_PER_SHARD = 256
_COLOUR_SEQUENCES_PER_SHARD = 32


class SilhouetteBuilder(PartBuilder, GaitDataSet, skip_registration=True):
    """Builds a data set of silhouettes from a folder that the user has filled.

    One example is one sequence; examples lie on disk in the order of their keys.

    `download_and_prepare` uses all cores that it may, and holds one sequence of each in memory. If
    it is interrupted, the next call goes on from the archives and the shards that were finished, as
    far as their files are the same; they lie in a folder `.parts-...` beside the data set, which
    grows by the size of the archives' frames and is removed when the data set is complete. As it
    starts processes, a script must call it below `if __name__ == "__main__":`.

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

    @classmethod
    def open(cls, data_dir: str | None, subjects: int | None, form: str) -> Self:
        """See `GaitDataSet`; without configurations there is one form."""
        del subjects
        return cls(data_dir=data_dir, config=form if cls.BUILDER_CONFIGS else None)

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

    def _parts_name(self) -> str:
        return f".parts-{self.version}"

    def _make_shards(
        self,
        folder: pathlib.Path,
        workers: parts.Workers,
        dl_manager: tfds.download.DownloadManager,
    ) -> list[pathlib.Path]:
        root = self._manual_dir = pathlib.Path(dl_manager.manual_dir).resolve()
        account = self._account = Report(str(root))
        # Where colour is not asked for, a video is a stray file like any other.
        naming = self.NAMING if self._in_colour else dataclasses.replace(self.NAMING, video=None)

        def spool_all(paths: list[str]) -> list[pathlib.Path]:
            work = {
                _part("archive", str(root), path, file_state(root / path)): functools.partial(
                    spool.spool_archive, root, path, naming
                )
                for path in paths
            }
            return workers.make(folder, work, _bar("Reading archives...", " archives"))

        found = find_sequences(root, naming, account, spool_all)
        if not found:
            raise self._nothing_found()
        seen, size = None, _SEQUENCES_PER_SHARD
        if self._in_colour:
            paths = videos.find_videos(root, self.NAMING, account)
            seen, size = videos.Videos(root, paths, account), _COLOUR_SEQUENCES_PER_SHARD
            seen.without([name for name, _ in found])
        work = {}
        for start in range(0, len(found), size):
            sequences = found[start : start + size]
            filmed = seen and seen.of([name for name, _ in sequences])
            states = [[name.key, source.location, source.state()] for name, source in sequences]
            states += [[path, file_state(path)] for path in (filmed or {}).values()]
            part = _part("shard", str(root), self._in_colour, states)
            work[part] = functools.partial(_write_shard, root, sequences, filmed)
        return workers.make(folder, work, _bar("Writing shards...", " shards"))

    def _finish(self, accounts: list[dict[str, Any]]) -> Mapping[str, Any]:
        for account in accounts:
            self._account.merge(account)
        if not self._account.frames:
            raise self._nothing_found()
        self._account.log()
        return self._account.as_metadata()

    def _nothing_found(self) -> FileNotFoundError:
        skipped = self._account.as_metadata()["skipped"]
        seen = ", ".join(f"{entry['count']} × {reason}" for reason, entry in skipped.items())
        return FileNotFoundError(
            f"No readable frame of {self.name} in {self._manual_dir}, neither in its folders, at "
            f"any depth, nor in archives (.zip, .tar, .tar.gz, ...). Looked for files named like "
            f"{self.NAMING.example}. Passed over: {seen or 'nothing'}. Point manual_dir at the "
            f"folder that holds the data set.\n{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
        )


def _bar(title: str, unit: str) -> parts.Progress:
    def progress(made: Iterable[Any], before: int, total: int) -> Iterable[Any]:
        return tfds.core.utils.tqdm(
            made,
            desc=title,
            unit=unit,
            initial=before,
            total=total,
            leave=False,
            # On a terminal alone: in a file each of its moves would be a line.
            disable=None,
        )

    return progress


def _part(kind: str, *contents: Any) -> str:
    """Names a part by all that it depends on."""
    return f"{kind}-{fingerprint(*contents)}"


def _write_shard(
    root: pathlib.Path,
    sequences: list[tuple[SequenceName, Source]],
    filmed: Mapping[videos.VideoName, str] | None,
    directory: pathlib.Path,
) -> None:
    """Fills a part's folder with a shard: in colour where there is a mapping of the videos."""
    account = Report(str(root))
    seen = None if filmed is None else videos.Videos(root, filmed, account)

    def examples() -> Iterator[Example]:
        for name, source in sequences:
            example = _read_sequence(name, source, account)
            if example is not None and seen is not None:
                example = seen.add_colour(name, example)
            if example is not None:
                account.add(name, len(example["frames"]))
                yield example

    features = silhouette_features() if seen is None else colour_features()
    write_shard(directory, features, examples(), account.as_json)


def _read_sequence(name: SequenceName, source: Source, account: Report) -> Example | None:
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
