"""The Flink operators: hot path, cold path, and the pending events between them."""
