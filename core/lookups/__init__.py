"""All enrichments of one event: those that are known, those that are derived, and lookups that are under way."""
