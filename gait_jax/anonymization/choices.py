"""What the command line lets people choose from, by name."""

# How people are coloured.
PARTS, NEAREST, TRANSFER = "parts", "nearest", "transfer"
COLOURISERS = (PARTS, NEAREST, TRANSFER)
# What becomes of heads.
BLUR, KEEP = "blur", "keep"
FACES = (BLUR, KEEP)
