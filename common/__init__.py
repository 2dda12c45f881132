"""Code that two or more running parts share. Imports nothing else of this project but ``contracts``."""
