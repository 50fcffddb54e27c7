"""Gait data sets as TFDS builders.

Importing this package makes them known to TFDS, so that `tfds.builder("casia_b")` works as well as
`tfds_casia.CasiaB()`.
"""

from tfds_casia.casia_a.casia_a_dataset_builder import Builder as CasiaA
from tfds_casia.casia_b.casia_b_dataset_builder import Builder as CasiaB
from tfds_casia.features import PngBytes
from tfds_casia.walkers.walkers_dataset_builder import Builder as Walkers

__all__ = ["CasiaA", "CasiaB", "PngBytes", "Walkers"]
