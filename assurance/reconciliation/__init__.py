"""The audit: every raw record has exactly one outcome, how long it took, and the run's summary."""
