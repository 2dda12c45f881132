"""Sources that read MaxMind databases."""
