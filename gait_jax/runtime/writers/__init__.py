"""Where what a run measures goes: its own file, and trackers that its configuration names."""
