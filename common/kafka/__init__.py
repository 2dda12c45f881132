"""Kafka for the tools (producers, ledger, topics, live view): client login, topic creation, reading whole topics.

The Flink jobs configure Flink's own Kafka connector by property files instead.
"""
