"""Real events into Kafka: a seeded generator of marketplace events, and the replay of logs.

``python -m producers generate`` and ``python -m producers replay``; as a library,
:func:`producers.generator.generate` makes the records and :func:`producers.kafka_sink.produce` sends them.
"""
