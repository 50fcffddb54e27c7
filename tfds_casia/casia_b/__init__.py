"""CASIA-B as a TFDS data set."""
