"""Sends events to Kafka: a seeded generator of marketplace events, and the replay of logs.

``python -m producers generate`` and ``python -m producers replay``; as a library,
:func:`producers.synthetic.generator.generate` makes records and
:func:`producers.delivery.kafka_sink.produce` sends them.
"""
