"""Demonstration profiles."""
