"""The papers, each by one command: every system, table and figure, and what of its claims holds."""
