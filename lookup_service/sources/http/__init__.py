"""Source that reads from an HTTP API."""
