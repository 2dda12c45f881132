"""Caching of results: process memory, then Redis, then the source. Start at :mod:`.cached_source`."""
