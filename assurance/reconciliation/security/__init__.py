"""The ledger of verdicts: each security event has one. And how good they are, where the truth of a stream is known."""
