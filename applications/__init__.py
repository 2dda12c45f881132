"""The stateful layer on the enriched topics: pure modules beside one thin operator for each key."""
