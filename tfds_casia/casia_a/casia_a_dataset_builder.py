"""CASIA-A: 20 people seen from three views, as silhouettes."""

import re

import tensorflow_datasets as tfds

from tfds_casia.naming import Naming
from tfds_casia.silhouette_builder import SilhouetteBuilder


class Builder(SilhouetteBuilder):
    """Builds CASIA-A; see `SilhouetteBuilder` for how it is read.

    Keys are like `zdx-00_1`; `condition` is always `nm`. Of the four sequences of a view, 1 and 3
    walk one way, 2 and 4 the other.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "CASIA-A (Gait Dataset A) is handed out by the Center for Biometrics and Security Research "
        "of the Chinese Academy of Sciences, for research only. Ask for it there, and put the "
        "silhouettes into the manual directory, as folders (zdx/00_1/zdx-00_1-001.png; more "
        "folders above do no harm) or as the archive that they came in."
    )

    NAMING = Naming(
        pattern=re.compile(
            r"(?P<subject>[a-z]+)-(?P<view>[0-9]{2})_(?P<sequence>[0-9]{1,2})"
            r"-(?P<frame>[0-9]{1,9})\.png",
            re.IGNORECASE,
        ),
        key="{subject}-{view:02d}_{sequence}",
        example="zdx/00_1/zdx-00_1-001.png",
    )
    HOMEPAGE = "http://www.cbsr.ia.ac.cn/english/Gait%20Databases.asp"

    @staticmethod
    def direction(view: int, sequence: int) -> int:
        """See `GaitDataSet`: even sequences walk the other way under the same view's name.

        From the side, the two are mirror images of each other.
        """
        return view + 180 if sequence % 2 == 0 else view
