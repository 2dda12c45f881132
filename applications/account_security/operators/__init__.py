"""The job's functions in Flink. Each is thin: what they decide is in :mod:`core.risk`."""
