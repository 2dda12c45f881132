"""The copy of the features in Redis, which the lookup service reads: see docs/reference/features.md, "The store"."""
