"""What crosses a process border, defined once: events, enrichments, lookups, purposes, topics.

Nothing in here imports Flink, FastAPI or a Kafka client: a consumer of the enriched topics can depend on this package
alone.
"""
