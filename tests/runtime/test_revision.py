import os
import shutil
import sys

import processes
import pytest

from gait_jax.runtime import records, revision

_FOLDERS = ("gait_jax", "configs", "tfds_casia")
_FILES = ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
_OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index")
_TOLD = "import configs.stgan; from gait_jax.runtime import revision; print(revision.revision())"


def _git(folder, *arguments):
    me = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    done = processes.run(["git", *me, *arguments], cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _commit(folder):
    _git(folder, "init", "-q")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-qm", "all")
    return _git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A repository of this project, and its revision."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in _FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "REVISION")
        shutil.copytree(processes.ROOT / name, folder / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(processes.ROOT / name, folder)
    return folder, _commit(folder)


def _run(*command, **options):
    done = processes.run(command, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _installed(source, target):
    """What the package says of its revision where it is installed, from another folder."""
    _run(*_PIP, "install", *_OFFLINE, "--target", target, source, cwd=target.parent)
    # Within another repository, whose revision is none of this project's.
    _commit(target)
    environment = os.environ | {"PYTHONPATH": str(target)}
    return _run(sys.executable, "-c", _TOLD, cwd=target, env=environment).strip()


def test_a_checkout_says_what_is_checked_out_and_whether_it_was_edited(checkout, tmp_path):
    folder, head = checkout
    assert revision.of_checkout(folder) == head
    shutil.copytree(folder, tmp_path / "edited")
    (tmp_path / "edited" / "README.md").write_text("Mine.\n")
    assert revision.of_checkout(tmp_path / "edited") == f"{head}-dirty"


def test_a_copy_within_another_repository_has_none_of_its_revisions(checkout, tmp_path):
    shutil.copytree(checkout[0], tmp_path / "theirs" / "vendored")
    shutil.rmtree(tmp_path / "theirs" / "vendored" / ".git")
    _commit(tmp_path / "theirs")
    assert revision.of_checkout(tmp_path / "theirs" / "vendored") is None
    # Nor one that holds a folder of the same name and is another project.
    assert revision.of_checkout(tmp_path / "theirs") is None
    assert revision.of_checkout(tmp_path / "missing") is None


def test_wheels_and_source_archives_hold_the_revision_that_was_built(checkout, tmp_path):
    folder, head = checkout
    assert _installed(folder, tmp_path / "wheel") == head
    # What is built of an unpacked archive has no repository to ask.
    _run(sys.executable, "setup.py", "-q", "sdist", "-d", tmp_path, cwd=folder)
    (archive,) = tmp_path.glob("*.tar.gz")
    assert _installed(archive, tmp_path / "from_archive") == head
    # The sources themselves are as they were.
    assert revision.of_checkout(folder) == head and not (folder / revision.FILE).exists()


def test_provenance_holds_it(monkeypatch, tmp_path):
    monkeypatch.setattr(revision, "_ROOT", tmp_path)
    assert records.software()["git_revision"] is None
    (tmp_path / "gait_jax").mkdir()
    (tmp_path / revision.FILE).write_text("0123abc\n")
    assert records.software()["git_revision"] == "0123abc"
