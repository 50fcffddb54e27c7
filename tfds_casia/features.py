"""What one example holds, the same for every data set, and how it is read undecoded."""

import numpy as np
import tensorflow_datasets as tfds


class PngBytes(tfds.decode.SkipDecoding):
    """Decoder that leaves frames as PNG files: `as_data_source(..., decoders={"frames": ...})`.

    TFDS's own `SkipDecoding` does the same for single images, but fails for a sequence of them when
    there is no TensorFlow.
    """

    def decode_batch_example_np(self, serialized_example: np.ndarray) -> np.ndarray:
        """Returns the files as they are, an object array `[T]` of bytes."""
        return serialized_example


def silhouette_features() -> tfds.features.FeaturesDict:
    """Returns the features of one sequence, the same for every data set of silhouettes."""
    frame = tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png")
    return tfds.features.FeaturesDict(
        {
            "frames": tfds.features.Sequence(frame, doc="Silhouettes, 255 on 0, rising in time."),
            "frame_numbers": tfds.features.Sequence(
                np.int32, doc="Number of each frame in its file's name; missing frames leave gaps."
            ),
            "subject": tfds.features.Text(doc="Who walks."),
            "condition": tfds.features.Text(doc="nm: normal, bg: with a bag, cl: in a coat."),
            "sequence": tfds.features.Scalar(
                np.int32, doc="Number of the walk within subject and condition, from 1."
            ),
            "view": tfds.features.Scalar(np.int32, doc="Camera angle in degrees."),
        }
    )


def colour_features() -> tfds.features.FeaturesDict:
    """Returns the features of one sequence in colour: those of silhouettes and others besides."""
    colour = tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="jpeg")
    return tfds.features.FeaturesDict(
        {
            **silhouette_features(),
            "colour_frames": tfds.features.Sequence(
                colour, doc="The scene in colour, one for each silhouette."
            ),
            "background": tfds.features.Image(
                shape=(None, None, 3),
                dtype=np.uint8,
                encoding_format="png",
                doc="The scene without the person.",
            ),
        }
    )
