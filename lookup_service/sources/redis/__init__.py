"""Source that reads profiles from Redis."""
