"""What the job ``behaviour`` writes: stamped events, session records, identities."""
