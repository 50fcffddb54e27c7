"""Anonymises silhouettes in folders and people in videos."""
