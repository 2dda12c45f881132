"""Features by other keys than the visitor's, and what the jobs with features share: the store, the topic's records."""
