"""One Flink job keyed by visitor: sessions, over one parse, one operator and one packed state."""
