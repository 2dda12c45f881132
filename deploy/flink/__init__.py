"""Flink in containers: image, configuration, submission."""
