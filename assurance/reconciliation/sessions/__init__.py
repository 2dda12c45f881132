"""The ledger of sessions: each event that was read is in exactly one session, and the sums are right."""
