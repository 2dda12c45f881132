"""Who has opted out: the store in Redis and its mirror in memory."""
