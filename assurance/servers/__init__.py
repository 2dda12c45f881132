"""Real servers that tests and benchmarks start: PostgreSQL, an HTTP API, an OTLP collector."""
