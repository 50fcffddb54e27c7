"""Methods that tell people apart by their gaits."""
