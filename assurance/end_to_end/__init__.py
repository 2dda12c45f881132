"""``make replay``: the whole pipeline on this machine, from raw events to a balanced ledger."""
