"""Whether the features that are served are those of the events."""
