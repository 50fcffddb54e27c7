"""Gait anonymisation in JAX and Flax."""
