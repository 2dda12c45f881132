"""Real events into Kafka: a seeded generator of marketplace events, and the replay of logs.

``python -m producers generate`` and ``python -m producers replay``; as a library,
:func:`producers.synthetic.generator.generate` makes the records,
:func:`producers.delivery.kafka_sink.produce` sends them.
"""
