"""Configurations: a file an experiment, shared parts in `common`."""
