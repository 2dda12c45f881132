"""The Flink operators: hot path, cold path and the events that wait between them."""
