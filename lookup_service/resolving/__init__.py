"""From keys to results: what is cached, what the sources are asked."""
