"""Delivers records to Kafka or a file: paced, counted and traced."""
