"""The published methods, and what others know of them."""
