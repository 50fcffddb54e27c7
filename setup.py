"""What setup.cfg cannot say: which form of OpenCV is required, which revision is built."""

import importlib.metadata
import pathlib
import re
import runpy
import sysconfig

import setuptools
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

# All of them are the module cv2, and two of them in one place overwrite each other's files. The
# headless form needs no libraries of a desktop, which only root can install.
_HEADLESS = "opencv-python-headless"
_FORMS = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless", _HEADLESS)
_VERSIONS = ">=4.10,<6"


def opencv(places: list[str]) -> str:
    """Which OpenCV to require: the form that is installed, or else the headless one.

    Args:
      places: folders of installed packages.
    """
    found = importlib.metadata.distributions(path=places)
    names = {re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower() for each in found}
    return next((form for form in _FORMS if form in names), _HEADLESS) + _VERSIONS


class _Distribution(setuptools.Distribution):
    def parse_config_files(self, *args, **kwargs):
        super().parse_config_files(*args, **kwargs)
        # pip builds apart from what is installed, but by the interpreter that it installs for.
        required = opencv([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
        for holder in (self, self.metadata):
            holder.install_requires = [*holder.install_requires, required]


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


setuptools.setup(distclass=_Distribution, cmdclass={"build_py": _BuildPy, "sdist": _Sdist})
