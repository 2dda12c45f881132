"""Generates a marketplace's events from a seed."""
