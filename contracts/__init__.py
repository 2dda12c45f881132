"""What crosses a process border, defined once: events, enrichments, lookups, purposes, topics.

Nothing in here imports Flink, FastAPI or a Kafka client: a consumer of the enriched topics can depend on this package
alone.
"""

VERSION = "1.1.0"
"""The project's version, and the only place where it is written. The distribution's metadata is made from it.

Code reads it here and not through ``importlib.metadata``: the job's archive and the images hold copies of the packages,
without the metadata.
"""
