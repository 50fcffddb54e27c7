"""Which revision of the sources this is: the one that was built, or the checkout's.

Only the standard library: `setup.py` runs this file when it builds.
"""

import pathlib
import subprocess

# Written when a wheel, a source archive or an image is built; not part of the repository.
FILE = "gait_jax/REVISION"
_ROOT = pathlib.Path(__file__).parents[2]


def of_checkout(root: pathlib.Path) -> str | None:
    """The revision that is checked out, with `-dirty` where its files were edited.

    Args:
      root: the folder that holds `gait_jax` and `setup.cfg`.

    Returns:
      None where it is no checkout of this project: another repository that holds a copy has
      revisions of its own.
    """
    try:
        top = pathlib.Path(_git(root, "rev-parse", "--show-toplevel"))
        if not (root / "setup.cfg").is_file() or not top.samefile(root):
            return None
        return _git(root, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def revision() -> str | None:
    """The revision of the sources that run; None where nothing tells."""
    if found := of_checkout(_ROOT):
        return found
    try:
        return (_ROOT / FILE).read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def _git(folder: pathlib.Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()
