"""Resolves a batch of keys: from the caches where possible, otherwise from the sources."""
