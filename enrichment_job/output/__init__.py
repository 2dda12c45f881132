"""What leaves the operators: records, counters, latency."""
