"""What every run needs: devices, checkpoints, records, random keys."""
