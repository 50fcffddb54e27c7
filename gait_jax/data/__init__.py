"""From a data set to batches of contour windows."""
