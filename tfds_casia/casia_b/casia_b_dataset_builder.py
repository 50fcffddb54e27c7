"""CASIA-B: 124 people, eleven views, three ways of walking."""

import re

import tensorflow_datasets as tfds

from tfds_casia.data_set import RGB, SILHOUETTES
from tfds_casia.naming import Naming
from tfds_casia.silhouette_builder import SilhouetteBuilder


class Builder(SilhouetteBuilder):
    """Builds CASIA-B; see `SilhouetteBuilder` for how it is read.

    Keys are like `001-nm-01-090`. Each subject has the sequences nm-01 to nm-06, bg-01, bg-02,
    cl-01 and cl-02 in the views 000, 018, ..., 180.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release: the silhouettes."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "CASIA-B (Gait Dataset B) is handed out by the Center for Biometrics and Security Research "
        "of the Chinese Academy of Sciences, for research only. Ask for it there, and put the "
        "silhouettes (GaitDatasetB-silh) into the manual directory, as folders "
        "(001/bg-01/000/001-bg-01-000-001.png; more folders above do no harm), as one archive a "
        "subject (001.tar.gz) or as one archive of all; a mixture is fine too. For the "
        "configuration rgb put the videos (DatasetB-1/video/001-nm-01-090.avi and "
        "001-bkgrd-090.avi, unpacked) anywhere in the same directory."
    )
    FORMS = (SILHOUETTES, RGB)
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(
            name=SILHOUETTES, description="The silhouettes that the data set's authors provide."
        ),
        tfds.core.BuilderConfig(
            name=RGB,
            description="The silhouettes, the colour frames of the same numbers, backgrounds.",
        ),
    ]

    NAMING = Naming(
        pattern=re.compile(
            r"(?P<subject>[0-9]{3})-(?P<condition>nm|bg|cl)-(?P<sequence>[0-9]{2})"
            r"-(?P<view>[0-9]{3})-(?P<frame>[0-9]{1,9})\.png",
            re.IGNORECASE,
        ),
        key="{subject}-{condition}-{sequence:02d}-{view:03d}",
        video=re.compile(
            r"(?P<subject>[0-9]{3})-"
            r"(?:bkgrd|(?P<condition>nm|bg|cl)-(?P<sequence>[0-9]{2}))-(?P<view>[0-9]{3})\.avi",
            re.IGNORECASE,
        ),
        example="GaitDatasetB-silh/001/bg-01/000/001-bg-01-000-001.png",
    )
    HOMEPAGE = "http://www.cbsr.ia.ac.cn/english/Gait%20Databases.asp"
