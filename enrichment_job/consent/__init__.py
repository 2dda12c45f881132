"""Keys, pseudonyms, envelopes and opt-outs: what the policy's actions are done with."""
