"""``make replay``: runs the whole pipeline on this machine, from raw events to a balanced ledger."""
