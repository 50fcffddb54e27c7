"""What setup.cfg cannot say: which form of OpenCV is required."""

import importlib.metadata
import re
import sysconfig

import setuptools

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


setuptools.setup(distclass=_Distribution)
