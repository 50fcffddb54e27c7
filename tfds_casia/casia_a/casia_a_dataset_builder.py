"""CASIA-A: 20 people seen from three views, as silhouettes."""

import re

import tensorflow_datasets as tfds

from tfds_casia.naming import Naming
from tfds_casia.silhouette_builder import SilhouetteBuilder


class Builder(SilhouetteBuilder):
    """Builds CASIA-A; see `SilhouetteBuilder` for how it is read.

    Keys are like `zdx-00_1`; `condition` is always `nm`. Of the four sequences of a view, most
    people walk 1 and 3 one way, 2 and 4 the other; some the other way round.
    """

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES = {
        "1.0.0": "First release.",
        "1.1.0": "Directions are read from the walks, not from their numbers.",
    }
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
    def direction(view: int, sequence: int, led: tuple[float, float]) -> int:
        """See `GaitDataSet`: under the same view's name people walk to and fro.

        To the left, or towards the camera at 90 degrees, is the view itself; from the side, the
        other way is its mirror image. Numbers do not tell which is which: some people begin the
        other way round, and who does would be known by it.
        """
        right, growth = led
        back = -growth if view == 90 else right
        if back == 0:
            return view + 180 if sequence % 2 == 0 else view
        return view + 180 if back > 0 else view
