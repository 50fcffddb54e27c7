"""The features of walkers."""

import numpy as np
import tensorflow_datasets as tfds

from tfds_casia.features import colour_features, silhouette_features


def rgb_features() -> tfds.features.FeaturesDict:
    """Returns the features of a recording in colour and what is known of synthetic people alone."""
    frame = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
    return tfds.features.FeaturesDict(
        {
            **colour_features(),
            "degraded_frames": tfds.features.Sequence(
                frame, doc="Silhouettes as imperfect segmentation gives them, one for each exact."
            ),
            "clothing": tfds.features.Text(doc="plain: in one colour a garment, or textural."),
        }
    )


def of_kind(kind: str) -> tfds.features.FeaturesDict:
    """Returns the features of a plan's recordings; see `generation.Plan.kind`."""
    return rgb_features() if kind == "rgb" else silhouette_features()
