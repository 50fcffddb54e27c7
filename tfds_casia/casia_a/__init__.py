"""CASIA-A as a TFDS data set."""
