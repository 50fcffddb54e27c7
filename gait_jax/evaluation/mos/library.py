"""The files of jsPsych that a page needs; tools/renew_jspsych.py brings others."""

import hashlib
import pathlib
from collections.abc import Iterator

from gait_jax.runtime import records
from gait_jax.runtime.errors import InputError
from gait_jax.runtime.files import read_regular, reason_of

FOLDER = pathlib.Path(__file__).parent / "jspsych"
LICENCE = "LICENSE"
# By file: the package and version that it is of, its path there, its SHA-256.
VERSIONS = "versions.json"


def files() -> Iterator[tuple[str, bytes]]:
    """The scripts and their licence, each with its name.

    Raises:
      InputError: one is missing, or is not the one whose hash is recorded.
    """
    known = records.read_json(FOLDER / VERSIONS)
    for name in (*known, LICENCE):
        try:
            data = read_regular(FOLDER / name)
        except OSError as error:
            raise InputError(
                f"{FOLDER / name} cannot be read ({reason_of(error)}): install gait_jax again"
            ) from None
        if name != LICENCE and hashlib.sha256(data).hexdigest() != known[name]["sha256"]:
            raise InputError(f"{FOLDER / name} is damaged: install gait_jax again")
        yield name, data
