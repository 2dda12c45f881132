"""A Flink cluster and the jobs on it."""
