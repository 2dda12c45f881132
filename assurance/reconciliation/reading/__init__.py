"""Reads topics and keeps each record's identity, never its content."""
