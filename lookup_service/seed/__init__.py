"""Writes demonstration profiles to Redis or to a database."""
