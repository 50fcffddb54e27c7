"""The features of a recording in colour, for walkers and whoever else has colour frames."""

import numpy as np
import tensorflow_datasets as tfds

from tfds_casia.silhouette_builder import silhouette_features


def rgb_features() -> tfds.features.FeaturesDict:
    """Returns the features of silhouettes and, besides, those of colour."""
    colour = tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="jpeg")
    frame = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
    return tfds.features.FeaturesDict(
        {
            **silhouette_features(),
            "colour_frames": tfds.features.Sequence(
                colour, doc="The scene in colour, one for each silhouette."
            ),
            "degraded_frames": tfds.features.Sequence(
                frame, doc="Silhouettes as imperfect segmentation gives them, one for each exact."
            ),
            "background": tfds.features.Image(
                shape=(None, None, 3),
                dtype=np.uint8,
                encoding_format="png",
                doc="The scene without the person.",
            ),
            "clothing": tfds.features.Text(doc="plain: in one colour a garment, or textural."),
        }
    )
