"""Key ring, pseudonyms, envelopes and protected payloads, for the actions of purposes."""
