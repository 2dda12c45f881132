"""A visitor's events: as they come, and as they are kept. No Flink."""
