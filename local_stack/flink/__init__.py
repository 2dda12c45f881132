"""A Flink cluster, how a job is submitted to it, and the emulator of the managed service."""
