"""What a gait is: silhouettes and their contours. NumPy and OpenCV only."""
