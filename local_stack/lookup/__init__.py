"""The lookup service with its Redis and its databases."""
