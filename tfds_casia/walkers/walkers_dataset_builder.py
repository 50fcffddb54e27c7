"""Walkers: synthetic people, recorded as CASIA-B records real ones."""

import dataclasses
import functools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds

from tfds_casia.silhouette_builder import SPLIT, silhouette_features
from tfds_casia.walkers import features, generation
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName

# A shard is held in memory while it is written; so many walks take some ten megabytes.
_WALKS_PER_SHARD = {"silhouettes": 24, "degraded": 24, "rgb": 2}


@dataclasses.dataclass
class WalkersConfig(tfds.core.BuilderConfig):
    """A named selection of walkers.

    Data sets lie on disk by their configuration's name, so a plan of your own needs a name of its
    own: `Builder(config=WalkersConfig(name="pair", plan=Plan(subjects=2)))`.

    Attributes:
        plan: what the data set holds.
    """

    plan: Plan = dataclasses.field(default_factory=Plan)


class Builder(tfds.core.ShardBasedBuilder):
    """Builds walkers; needs no files and no network.

    Keys are like `001-nm-01-090`, as in CASIA-B, and so are features, split and ways of reading;
    see `tfds_casia.silhouette_builder.SilhouetteBuilder`. The configuration "rgb" has more
    features; see `tfds_casia.walkers.features`.

    `download_and_prepare` uses all cores that it may. If it is interrupted, the next call goes on
    from the walks that were finished; they lie in a folder `.parts-...` beside the data set, which
    is removed when the data set is complete. As it starts processes, a script must call it below
    `if __name__ == "__main__":`.

    `builder.info.metadata` says `"synthetic": true`, and holds the seed and the numbers of
    subjects, sequences and frames.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    BUILDER_CONFIGS = [
        WalkersConfig(
            name="silhouettes", description="Exact silhouettes of 40 walkers in all views."
        ),
        WalkersConfig(
            name="degraded",
            description="Silhouettes of 40 walkers as imperfect segmentation gives them.",
            plan=Plan(kind="degraded"),
        ),
        WalkersConfig(
            name="rgb",
            description="Colour frames, backgrounds, exact and degraded silhouettes; 10 walkers.",
            plan=Plan(subjects=10, kind="rgb"),
        ),
    ]

    # Nothing is downloaded; see `SilhouetteBuilder`.
    url_infos = None

    def __init__(
        self, *, file_format: str = "array_record", processes: int | None = None, **kwargs: Any
    ) -> None:
        """See `tfds.core.DatasetBuilder`.

        Args:
            file_format: only ArrayRecord can do without TensorFlow.
            processes: how many to generate with; all cores that this process may use by default.
                The data are the same for any number.
            **kwargs: those of `tfds.core.DatasetBuilder`.
        """
        super().__init__(file_format=file_format, **kwargs)
        # Not all systems tell which cores a process may use.
        usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
        self._processes = processes or len(usable(0))

    def _info(self) -> tfds.core.DatasetInfo:
        plan = self.builder_config.plan
        return self.dataset_info_from_configs(
            features=features.rgb_features() if plan.kind == "rgb" else silhouette_features(),
            # Filled after generation. What stands here would be taken for the prepared data's.
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _download_and_prepare(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig | None = None,
    ) -> None:
        plan = self.builder_config.plan
        # The data path is that of an unfinished data set now, with another name at each attempt.
        self._parts = self.data_path.parent / f".parts-{plan.fingerprint(str(self.version))}"
        self._frames = self._sequences = 0
        generation.make_parts(plan, self._parts, self._processes, self._progress)
        super()._download_and_prepare(dl_manager, download_config)
        self.info.metadata.update(
            {
                "synthetic": True,
                "seed": plan.seed,
                "subjects": plan.subjects,
                "sequences": self._sequences,
                "frames": self._frames,
            }
        )
        shutil.rmtree(self._parts)

    def _progress(self, walks: Iterable[Any], before: int, total: int) -> Iterable[Any]:
        return tfds.core.utils.tqdm(
            walks, desc="Making synthetic walkers...", unit=" walks", initial=before, total=total
        )

    def _shard_iterators_per_split(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, Sequence[Callable[[], Iterator[tuple[str, generation.Example]]]]]:
        del dl_manager
        walks = self.builder_config.plan.walks()
        size = _WALKS_PER_SHARD[self.builder_config.plan.kind]
        shards = [walks[start : start + size] for start in range(0, len(walks), size)]
        return {SPLIT: [functools.partial(self._examples, shard) for shard in shards]}

    def _examples(self, walks: list[WalkName]) -> Iterator[tuple[str, generation.Example]]:
        for walk in walks:
            for key, example in generation.read_part(self._parts, walk):
                self._sequences += 1
                self._frames += len(example["frames"])
                yield key, example
