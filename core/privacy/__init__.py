"""Key ring, pseudonyms, envelopes, protected payloads: what the purposes' actions are done with."""
