"""Where recorded events come from: a topic, a lake, a file of enriched or raw events, an access log."""
