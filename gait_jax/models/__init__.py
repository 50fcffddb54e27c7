"""Flax networks, without losses."""
