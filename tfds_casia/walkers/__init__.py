"""Synthetic walkers as a TFDS data set, recorded as CASIA-B records people."""
