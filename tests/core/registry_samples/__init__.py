"""Modules of derived enrichments for tests."""
