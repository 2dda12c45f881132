"""A marketplace's events, made up from a seed."""
