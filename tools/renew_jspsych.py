"""Renews the files of jsPsych in `gait_jax/evaluation/mos/jspsych`: copies, hashes, versions.

    python tools/renew_jspsych.py jspsych@8.3.0 @jspsych/plugin-html-button-response@2.1.0 \
        @jspsych/plugin-survey-html-form@2.1.0

Needs npm. The licence is not in the packages: look whether `LICENSE` still says what theirs does,
then run `pytest tests/evaluation/test_mos_page.py tests/evaluation/test_mos_browser.py`.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

FOLDER = pathlib.Path(__file__).parents[1] / "gait_jax" / "evaluation" / "mos" / "jspsych"
# For browsers, and small.
WITHIN = "dist/index.browser.min.js"


def fetched(package: str) -> tuple[str, dict[str, str], bytes]:
    """A package's file: (its name here, what is recorded of it, its contents)."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", package]
        subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (path,) = pathlib.Path(scratch).glob("*.tgz")
        with tarfile.open(path) as archive:
            about = json.load(archive.extractfile("package/package.json"))
            data = archive.extractfile(f"package/{WITHIN}").read()
    if about["license"] != "MIT":
        sys.exit(f"{package} is under the licence {about['license']}, not MIT")
    told = {"package": about["name"], "version": about["version"], "path": WITHIN}
    told["sha256"] = hashlib.sha256(data).hexdigest()
    return f"{about['name'].split('/')[-1]}.js", told, data


def main() -> None:
    """Fetches all of them before anything is written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n    ")[0])
    parser.add_argument("packages", nargs="+", metavar="PACKAGE@VERSION")
    found = [fetched(package) for package in parser.parse_args().packages]
    for name, _, data in found:
        (FOLDER / name).write_bytes(data)
    told = {name: about for name, about, _ in found}
    (FOLDER / "versions.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
