"""Walkers: synthetic people, recorded as CASIA-B records real ones."""

import dataclasses
import functools
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import tensorflow_datasets as tfds

from tfds_casia import parts
from tfds_casia.data_set import RGB, SILHOUETTES, GaitDataSet
from tfds_casia.part_builder import Example, PartBuilder, write_shard
from tfds_casia.walkers import features, generation
from tfds_casia.walkers.generation import Plan
from tfds_casia.walkers.recording import WalkName

# A shard is what an interruption can cost each core: some seconds of work.
_WALKS_PER_SHARD = {"silhouettes": 8, "degraded": 8, "rgb": 2}


@dataclasses.dataclass
class WalkersConfig(tfds.core.BuilderConfig):
    """A named selection of walkers.

    Data sets lie on disk by their configuration's name, so a plan of your own needs a name of its
    own: `Builder(config=WalkersConfig(name="pair", plan=Plan(subjects=2)))`.

    Attributes:
        plan: what the data set holds.
    """

    plan: Plan = dataclasses.field(default_factory=Plan)


class Builder(PartBuilder, GaitDataSet):
    """Builds walkers; needs no files and no network.

    Keys are like `001-nm-01-090`, as in CASIA-B, and so are features, split and ways of reading;
    see `tfds_casia.silhouette_builder.SilhouetteBuilder`. The configuration "rgb" has more
    features; see `tfds_casia.walkers.features`.

    `download_and_prepare` uses all cores that it may. If it is interrupted, the next call goes on
    from the shards that were finished; they lie in a folder `.parts-...` beside the data set, which
    is removed when the data set is complete. As it starts processes, a script must call it below
    `if __name__ == "__main__":`.

    `builder.info.metadata` says `"synthetic": true`, and holds the seed and the numbers of
    subjects, sequences and frames.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    SYNTHETIC = True
    FORMS = (SILHOUETTES, RGB)
    BUILDER_CONFIGS = [
        WalkersConfig(
            name=SILHOUETTES, description="Exact silhouettes of 40 walkers in all views."
        ),
        WalkersConfig(
            name="degraded",
            description="Silhouettes of 40 walkers as imperfect segmentation gives them.",
            plan=Plan(kind="degraded"),
        ),
        WalkersConfig(
            name=RGB,
            description="Colour frames, backgrounds, exact and degraded silhouettes; 10 walkers.",
            plan=Plan(subjects=10, kind=RGB),
        ),
    ]

    @classmethod
    def open(cls, data_dir: str | None, subjects: int | None, form: str) -> Self:
        """See `GaitDataSet`."""
        usual = cls.builder_configs[form]
        if subjects in (None, usual.plan.subjects):
            return cls(data_dir=data_dir, config=usual.name)
        # Data sets lie on disk by their configuration's name: another size needs another one.
        plan = dataclasses.replace(usual.plan, subjects=subjects)
        config = WalkersConfig(name=f"{form}_{subjects}", plan=plan)
        return cls(data_dir=data_dir, config=config)

    def in_colour(self, subject, condition, sequence, view):
        """See `GaitDataSet`."""
        name = WalkName(int(subject), condition, sequence)
        return generation.in_colour(self.builder_config.plan.seed, name, view)

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=features.of_kind(self.builder_config.plan.kind),
            # Filled after generation. What stands here would be taken for the prepared data's.
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _parts_name(self) -> str:
        return f".parts-{self.builder_config.plan.fingerprint(str(self.version))}"

    def _make_shards(
        self,
        folder: pathlib.Path,
        workers: parts.Workers,
        dl_manager: tfds.download.DownloadManager,
    ) -> list[pathlib.Path]:
        del dl_manager
        plan = self.builder_config.plan
        walks, size = plan.walks(), _WALKS_PER_SHARD[plan.kind]
        shards = [walks[start : start + size] for start in range(0, len(walks), size)]
        work = {_part_name(shard): functools.partial(_write_walks, plan, shard) for shard in shards}
        return workers.make(folder, work, self._progress)

    def _progress(self, shards: Iterable[Any], before: int, total: int) -> Iterable[Any]:
        return tfds.core.utils.tqdm(
            shards,
            desc="Making synthetic walkers...",
            unit=" shards",
            initial=before,
            total=total,
            # On a terminal alone: in a file each of its moves would be a line.
            disable=None,
        )

    def _finish(self, accounts: list[dict[str, Any]]) -> Mapping[str, Any]:
        plan = self.builder_config.plan
        return {
            "synthetic": True,
            "seed": plan.seed,
            "subjects": plan.subjects,
            "sequences": sum(account["sequences"] for account in accounts),
            "frames": sum(account["frames"] for account in accounts),
        }


def _part_name(names: list[WalkName]) -> str:
    """Name of the part that holds walks which follow each other in a plan."""
    ends = names[0], names[-1]
    return "--".join(f"{n.subject:06d}-{n.condition}-{n.sequence:02d}" for n in ends)


def _write_walks(plan: Plan, names: list[WalkName], directory: pathlib.Path) -> None:
    """Records walks in all views into a part's empty folder; see `part_builder.write_shard`."""
    frames: list[int] = []

    def recorded() -> Iterator[Example]:
        for name in names:
            for _, example in generation.examples(plan, name):
                frames.append(len(example["frames"]))
                yield example

    write_shard(
        directory,
        features.of_kind(plan.kind),
        recorded(),
        lambda: {"sequences": len(frames), "frames": sum(frames)},
    )
