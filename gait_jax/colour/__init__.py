"""Colouring a binary anonymised gait: a person put back into the scene.

A colouriser takes (frame, plate, original, anonymised) as `nearest.colourise` does.
"""

from gait_jax.colour.nearest import colourise

COLOURISERS = {"nearest": colourise}
