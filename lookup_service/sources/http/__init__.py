"""Source that asks somebody's HTTP API."""
