"""A Kafka broker."""
