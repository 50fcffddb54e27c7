"""What says in numbers how gaits look."""
