"""What can be asked of methods, each a kind of question."""
