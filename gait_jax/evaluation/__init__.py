"""Measures anonymisers: recognisers trained, gaits anonymised, success rates, report."""
