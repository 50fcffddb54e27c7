"""The whole measurement: recognisers, anonymised gaits, success rates against two attackers."""

import dataclasses
import pathlib
from typing import Any

import ml_collections
from absl import logging

from gait_jax import trainer
from gait_jax.anonymizer import Anonymizer
from gait_jax.data import energies
from gait_jax.data.dataset import GaitDataset
from gait_jax.data.energies import Energies
from gait_jax.evaluation import anonymized, report
from gait_jax.evaluation.anonymized import Anonymized
from gait_jax.evaluation.recognisers import (
    TrainedRecogniser,
    trained_on_probed,
    trained_recogniser,
    with_data,
)
from gait_jax.evaluation.settings import check_recognition
from gait_jax.evaluation.stages import stage
from gait_jax.gait import silhouette
from gait_jax.methods import METHODS
from gait_jax.recognition import scoring
from gait_jax.recognition.protocol import Protocol, chosen, protocol
from gait_jax.recognition.scoring import Hits
from gait_jax.runtime import keys, records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.fingerprint import fingerprint

# The papers' attacker knows clean gaits; the honest one enrols anonymised gaits too.
CLEAN_GALLERY, ANONYMIZED_GALLERY = "clean gallery", "anonymised gallery"


class Evaluator:
    """Measures a configuration's methods by its protocol, in a folder."""

    def __init__(self, config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool):
        """Opens the data set.

        Args:
          config: protocol, data, recognisers, methods (see `configs/jisa2019.py`).
          workdir: where everything is kept.
          progress: whether to show progress bars.

        Raises:
          InputError: the protocol, the data or a method cannot be used.
        """
        check_recognition(config)
        self._config, self._workdir, self._progress = config, workdir, progress
        self._protocol: Protocol = protocol(config.protocol)
        self._ranks = tuple(config.ranks)
        self._data = ml_collections.ConfigDict(
            config.data.to_dict() | {"groups": self._protocol.groups}
        )
        for method in config.methods.values():
            # Before anything is computed.
            trainer.build_method(with_data(method.train, self._data))
        self._dataset = GaitDataset(self._data, progress)
        for settings in config.methods.values():
            if not settings.checkpoint:
                self._dataset.members(settings.train.data.group)
        self._sequences: dict[int, Energies] = {}

    def _energies(self, size: int) -> Energies:
        if size not in self._sequences:
            self._sequences[size] = self._dataset.energies(size)[0]
        return self._sequences[size]

    def _probes(self, energies: Energies, group: str) -> Energies:
        members = energies.of_subjects(self._dataset.members(group))
        return members.take(chosen(self._protocol.probes, members))

    def _gallery(self, energies: Energies) -> Energies:
        members = energies.of_subjects(self._dataset.members(self._protocol.enrolled))
        return members.take(chosen(self._protocol.gallery, members))

    def _trained(self, name: str, settings: ml_collections.ConfigDict) -> pathlib.Path:
        """The workdir of a method's finished run; what several methods build on is trained once."""
        if settings.checkpoint:
            return pathlib.Path(settings.checkpoint).expanduser()
        config = with_data(settings.train, self._data)
        folder = self._workdir / "methods"
        pretrained = {}
        for needed, sub in METHODS[config.method].prerequisites(config).items():
            if config[needed].checkpoint:
                given = pathlib.Path(config[needed].checkpoint).expanduser()
                pretrained[needed] = trainer.load_run(given)[2]
            else:
                shared = folder / f"{needed}-{fingerprint(sub.to_dict())}"
                pretrained[needed] = trainer.train_and_evaluate(sub, shared, self._progress)
        trainer.train_and_evaluate(config, folder / name, self._progress, pretrained)
        return folder / name

    def _anonymize(self, name: str, anonymizer: Anonymizer, sizes: list[int]) -> Anonymized:
        settings, protocol_ = self._config.methods[name], self._protocol
        stored = self._dataset.walks
        wanted = {
            (subject, condition, number)
            for group, conditions in (
                (protocol_.probed, protocol_.probes),
                (protocol_.enrolled, protocol_.gallery),
            )
            for subject in self._dataset.members(group)
            for condition, numbers in conditions.items()
            for number in numbers
        }
        indices = [
            i
            for i, walk in enumerate(stored)
            if (walk.subject, walk.condition, walk.sequence) in wanted
        ]
        key = fingerprint(
            anonymizer.parameters,
            anonymizer.config.to_dict(),
            [
                self._dataset.store.key,
                indices,
                sizes,
                self._config.seed,
                settings.measure_every,
                self._config.export,
            ],
        )
        folder = self._workdir / "anonymized"
        images = folder / f"{name}-{key}.safetensors"

        def make() -> dict[str, Any]:
            folder.mkdir(parents=True, exist_ok=True)
            found = anonymized.anonymize_walks(
                self._dataset,
                indices,
                anonymizer,
                keys.stream(self._config.seed, f"evaluation {name}"),
                sizes,
                settings.measure_every,
                images.with_suffix(".png"),
                self._workdir / "opengait" / name if self._config.export else None,
                self._progress,
            )
            energies.save(images, **{str(size): e for size, e in found.energies.items()})
            return found.summary

        # The summary is written last: where it stands, the images are whole.
        summary = stage(images.with_suffix(".json"), make, records.write_json, records.read_json)
        sets = {int(size): found for size, found in energies.load(images).items()}
        return Anonymized(sets, summary | {"picture": images.with_suffix(".png").name})

    def run(self) -> dict[str, Any]:
        """Does every stage that is not done, and writes the report.

        Returns:
          What also stands in `results.json`.

        Raises:
          InputError: something in the configuration cannot be used.
        """
        config = self._config
        recognisers = {
            name: trained_recogniser(
                name,
                settings,
                self._dataset,
                self._data,
                self._protocol,
                self._workdir / "recognisers",
                self._progress,
            )
            for name, settings in config.recognisers.items()
        }
        sizes = sorted({named.recogniser.size for named in recognisers.values()})
        if config.export:
            self._export_originals()

        rows: list[dict[str, Any]] = []
        clean = {name: self._clean(name, named) for name, named in recognisers.items()}
        for name, hits in clean.items():
            labels = {"method": "none", "recogniser": name, "attacker": CLEAN_GALLERY}
            rows += [labels | row for row in scoring.rows(hits, hits, self._ranks)]
        methods = {}
        for method, settings in config.methods.items():
            workdir = self._trained(method, settings)
            anonymizer = Anonymizer(workdir)
            found = self._anonymize(method, anonymizer, sizes)
            leaked = trained_on_probed(workdir, anonymizer.config, self._dataset, self._protocol)
            if leaked:
                logging.warning("%s was trained on probed people: %s.", workdir, ", ".join(leaked))
            methods[method] = found.summary | {
                "label": settings.label,
                "alpha": anonymizer.config.loss.alpha,
                "noise": anonymizer.config.noise,
                "workdir": str(workdir),
                "step": anonymizer.step,
                "trained_on_probed_people": leaked,
            }
            for name, named in recognisers.items():
                rows += self._attack(method, name, named, found, clean[name])
        results = {
            "protocol": {"name": config.protocol} | dataclasses.asdict(self._protocol),
            "ranks": list(self._ranks),
            "attackers": [CLEAN_GALLERY, ANONYMIZED_GALLERY],
            "conditions": [*self._protocol.probes, scoring.ALL],
            "seed": config.seed,
            "data": self._dataset.description,
            "software": records.software(),
            "recognisers": {
                name: settings.to_dict() for name, settings in config.recognisers.items()
            },
            "methods": methods,
            "rows": rows,
        }
        records.write_json(self._workdir / "results.json", results)
        report.write_csv(self._workdir / "results.csv", rows)
        report.write_html(self._workdir / "report.html", results)
        return results

    def _export_originals(self) -> None:
        done = self._workdir / "opengait" / ".original-is-whole"
        if done.exists():
            return
        folder = self._workdir / "opengait" / "original"
        for index, walk in enumerate(self._dataset.walks):
            masks = [silhouette.clean(m) for m in self._dataset.masks(index)]
            anonymized.export(folder, walk, masks)
        done.touch()

    def _clean(self, name: str, named: TrainedRecogniser) -> Hits:
        """Clean probes of everybody who is enrolled, in the clean gallery."""
        known = self._energies(named.recogniser.size)
        probes, gallery = self._probes(known, self._protocol.enrolled), self._gallery(known)
        if not len(probes) or not len(gallery):
            raise InputError(
                f"protocol {self._config.protocol}: {self._dataset.name} has {len(probes)} probes "
                f"and {len(gallery)} gallery sequences of it; choose another protocol"
            )
        return self._scored(f"clean-{name}", named, probes, gallery)

    def _scored(
        self, label: str, named: TrainedRecogniser, probes: Energies, gallery: Energies
    ) -> Hits:
        """Scores, or reads what was scored before."""
        key = fingerprint(
            named.key,
            [list(self._ranks)],
            probes.arrays(),
            gallery.arrays(),
        )

        return stage(
            self._workdir / "scores" / f"{label}-{key}.safetensors",
            lambda: scoring.score(named.recogniser, probes, gallery, self._ranks),
            lambda path, hits: hits.save(path),
            Hits.load,
        )

    def _attack(
        self, method: str, name: str, named: TrainedRecogniser, found: Anonymized, clean: Hits
    ) -> list[dict[str, Any]]:
        """Rows of both attackers."""
        size = named.recogniser.size
        known = self._gallery(self._energies(size))
        enrolled = self._gallery(found.energies[size])
        probes = self._probes(found.energies[size], self._protocol.probed)
        rows = []
        for attacker, gallery in ((CLEAN_GALLERY, known), (ANONYMIZED_GALLERY, enrolled)):
            if not len(probes) or not len(gallery):
                logging.warning("%s left no probe or no gallery for %s.", method, attacker)
                continue
            hits = self._scored(f"{method}-{name}-{attacker.split()[0]}", named, probes, gallery)
            labels = {"method": method, "recogniser": name, "attacker": attacker}
            rows += [labels | row for row in scoring.rows(hits, clean, self._ranks)]
        return rows


def evaluate(
    config: ml_collections.ConfigDict, workdir: pathlib.Path, progress: bool = True
) -> dict[str, Any]:
    """Measures how well anonymisers work, or goes on where an earlier call stopped.

    Everything stands in the folder: recognisers/ and methods/ (training runs), anonymized/ (energy
    images and a picture of each method), scores/, results.json, results.csv, report.html and, with
    `export`, opengait/.

    Args:
      config: the configuration (see `configs/jisa2019.py`).
      workdir: the folder, made where it is missing.
      progress: whether to show progress bars.

    Returns:
      What also stands in results.json.

    Raises:
      InputError: the configuration, the data or the folder cannot be used.
      DivergedError: a training's loss became NaN or infinite.
    """
    workdir = pathlib.Path(workdir)
    evaluator = Evaluator(config, workdir, progress)
    records.make_workdir(workdir)
    return evaluator.run()
