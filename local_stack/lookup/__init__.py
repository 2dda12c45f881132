"""The lookup service with its Redis and databases."""
