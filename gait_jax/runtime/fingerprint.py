"""Names for settings; the one way to make them, for the data sets and for what is built on them."""

from tfds_casia.fingerprint import fingerprint

__all__ = ["fingerprint"]
