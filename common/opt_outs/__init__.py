"""Which subjects have opted out: the store in Redis, and its mirror in the memory of each task."""
