"""The policy: which purposes there are, which events each gets, and what it may see of every field.

It is declared in one file (``contracts/purposes/purposes.yaml``), and checked when a part of the project starts.
"""
