"""A pip for tests, which brings a package from beside it instead of from anywhere else."""

import hashlib
import os
import zipfile

# Run as `python -m pip download ... --dest DIR PACKAGE`: first things first, as pip would.
_MAIN = """
import pathlib, shutil, sys, time
here = pathlib.Path(__file__).parents[1]
with (here / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + chr(10))
told = here / "told"
if told.exists():
    sys.exit(told.read_text())
time.sleep(float((here / "seconds").read_text()))
for wheel in here.glob("*.whl"):
    shutil.copy(wheel, sys.argv[sys.argv.index("--dest") + 1])
"""


class MadeUpPip:
    """A folder that stands before the real pip, for this process's children.

    Attributes:
      contents: of the files that the package holds, by their names in it.
      hash: SHA-256 of the package.
    """

    def __init__(self, folder, monkeypatch, name, contents):
        """Makes a package.

        Args:
          folder: to make it in.
          monkeypatch: pytest's.
          name: of the package's file.
          contents: of the files that it holds, as bytes by name.
        """
        self._folder = folder
        (folder / "pip").mkdir(parents=True)
        (folder / "pip" / "__init__.py").touch()
        (folder / "pip" / "__main__.py").write_text(_MAIN)
        with zipfile.ZipFile(folder / name, "w") as wheel:
            for inner, data in contents.items():
                wheel.writestr(inner, data)
        self.hash = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        self.takes(0)
        paths = [str(folder), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))

    def takes(self, seconds):
        """How long bringing it takes."""
        (self._folder / "seconds").write_text(str(seconds))

    def fails(self, told):
        """It brings nothing, but says this on its standard error output."""
        (self._folder / "told").write_text(told)

    def brings_nothing(self):
        """It takes itself to have done what it was asked."""
        for wheel in self._folder.glob("*.whl"):
            wheel.unlink()

    def calls(self):
        """How it was called, one text a time."""
        path = self._folder / "calls"
        return path.read_text().splitlines() if path.exists() else []
