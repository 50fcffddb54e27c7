"""Colour for anonymised silhouettes: what a person looks like in another outline."""
