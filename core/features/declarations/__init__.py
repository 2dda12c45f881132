"""Reads and checks the file of features."""
