"""Writes the revision that is built into what is built; everything else stands in setup.cfg."""

import pathlib
import runpy

import setuptools
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

_ROOT = pathlib.Path(__file__).parent
_revision = runpy.run_path(str(_ROOT / "gait_jax" / "runtime" / "revision.py"))


def _write(folder: pathlib.Path) -> None:
    # Without a checkout, a file that came with the sources was copied already.
    if found := _revision["of_checkout"](_ROOT):
        path = folder / _revision["FILE"]
        # It may be another name of the sources' own file.
        path.unlink(missing_ok=True)
        path.write_text(found + "\n", encoding="utf-8")


class _BuildPy(build_py):
    def run(self):
        super().run()
        # An editable install runs the checkout itself.
        if not self.editable_mode:
            _write(pathlib.Path(self.build_lib))


class _Sdist(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        _write(pathlib.Path(base_dir))


setuptools.setup(cmdclass={"build_py": _BuildPy, "sdist": _Sdist})
