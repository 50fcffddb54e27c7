"""Gaits as OpenGait reads them: `id/type/view/view.pkl`, with a list of who trains."""

import dataclasses
import pathlib
import pickle
import shutil
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from gait_jax.data.gait_store import GaitStore
from gait_jax.gait import gei
from gait_jax.runtime import records
from gait_jax.runtime.files import write_bytes
from gait_jax.runtime.fingerprint import fingerprint

# The alignment's size in OpenGait's files.
_SIZE = 64
# OpenGait tells who trains from who is tested by people alone: whoever does both, by different
# walks, is two people to it.
_TWIN = "-train"


def trained(subject: str, tested: Collection[str]) -> str:
    """What somebody is called among those who train.

    Args:
      subject: their name.
      tested: the names of all who are tested.
    """
    return f"{subject}{_TWIN}" if subject in tested else subject


def write_partition(path: pathlib.Path, train: Iterable[str], tested: Collection[str]) -> None:
    """Writes OpenGait's `dataset_partition`: who trains, and who is enrolled and probed.

    Args:
      path: the file. It lies outside of what it is about: there, OpenGait takes it for a person.
      train: names of those who train; in it they are called as `trained` says.
      tested: names of those who are tested.
    """
    sets = {"TRAIN_SET": [trained(name, tested) for name in train], "TEST_SET": tested}
    wanted = {name: sorted(people) for name, people in sets.items()}
    # What is there already is left as it is.
    if not path.exists() or records.read_json(path) != wanted:
        records.write_json(path, wanted)


@dataclasses.dataclass(frozen=True)
class Part:
    """Some gaits of a tree.

    Attributes:
      gaits: the silhouettes.
      indices: of the sequences; None for all.
      tested: the names of all who are tested, where these gaits are to train on (see `trained`).
    """

    gaits: GaitStore
    indices: Sequence[int] | None = None
    tested: Collection[str] = ()

    @property
    def key(self) -> str:
        """Names all that its files depend on."""
        indices = None if self.indices is None else list(self.indices)
        return fingerprint(self.gaits.key, indices, sorted(self.tested))


def export(directory: pathlib.Path, parts: Sequence[Part]) -> None:
    """Writes a tree of gaits, unless it is there already; other gaits of its name are removed.

    Each file is a pickled array [n, 64, 64] uint8 of aligned silhouettes; `type` is `nm-01` and the
    like, `view` three digits. Frames without a usable person are left out, and a sequence of
    nothing else leaves no file.

    Args:
      directory: the tree's root. It holds people alone, as whatever is in it is one to OpenGait.
      parts: what it is to hold.
    """
    done, key = (
        directory.with_name(f".{directory.name}-is-whole"),
        fingerprint([part.key for part in parts]),
    )
    if done.exists() and done.read_text(encoding="utf-8") == key:
        return
    done.unlink(missing_ok=True)
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    for part in parts:
        _write(directory, part)
    write_bytes(done, key.encode())


def _write(directory: pathlib.Path, part: Part) -> None:
    gaits, indices = part.gaits, part.indices
    for index in range(len(gaits.sequences)) if indices is None else indices:
        sequence = gaits.sequences[index]
        bodies = (gaits.body(frame) for frame in range(sequence.first, sequence.last))
        frames = [gei.align(body, _SIZE) for body in bodies if body.size]
        if not frames:
            continue
        view = f"{sequence.view:03d}"
        kind = f"{sequence.condition}-{sequence.number:02d}"
        folder = directory / trained(sequence.subject, part.tested) / kind / view
        folder.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / f"{view}.pkl", pickle.dumps(np.array(frames)))
