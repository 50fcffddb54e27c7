"""The mean opinion score: people rate clips on a page in their browsers (Tieu et al. 2019 §4.3)."""
