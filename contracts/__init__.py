"""What crosses a process border, defined once: events, lookups, topics.

Nothing in here imports Flink, FastAPI or Kafka, so every part of the project (and a consumer of the
enriched topics) can depend on it alone.
"""
