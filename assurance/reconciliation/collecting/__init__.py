"""Collects the output topics in a process of its own while a run is in progress."""
