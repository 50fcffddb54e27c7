"""Videos in and out: decoding, encoding, the empty scene, and who is where."""
