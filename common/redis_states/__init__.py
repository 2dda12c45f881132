"""Values in Redis that are absolute: an older one never replaces a newer one, whoever writes it."""
