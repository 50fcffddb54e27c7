"""The recognisers, and the protocols that they are measured by."""
