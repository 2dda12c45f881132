"""Compares sinks that are filled from the enriched topics (the lake, Druid) with these topics."""
