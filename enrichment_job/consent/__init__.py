"""Opt-outs and subject keys: what the job checks for every event, and the command line that administers both stores."""
