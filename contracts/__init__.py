"""What crosses a process border, defined once: events, lookups, topics.

Nothing in here imports Flink, FastAPI or Kafka, so every part of the project (and a consumer of the
enriched topics) can depend on it alone.
"""

VERSION = "1.1.0"
"""The project's version, and the only place where it is written. The distribution's metadata is made from it.

Code reads it here and not through ``importlib.metadata``: the job's archive and the images hold copies of the packages,
without the metadata.
"""
