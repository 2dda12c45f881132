"""Answers kept: in this process, then in Redis, then asked of the source. Start at :mod:`.cached_source`."""
