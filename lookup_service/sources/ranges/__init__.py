"""Source that reads named address ranges from a text file."""
