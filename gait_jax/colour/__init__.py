"""Colouring a binary anonymised gait: a person put back into the scene.

A colouriser takes (frame, plate, original, anonymised) as `nearest.colourise` does; one that is
learned is made from a trained network (`transfer.TransferColouriser`).
"""

NEAREST, TRANSFER = "nearest", "transfer"
COLOURISERS = (NEAREST, TRANSFER)
