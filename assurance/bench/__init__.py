"""``make bench``: measured figures, on real components, in one run. Nothing in here is a test."""
