"""The policy: which purposes there are, which events each gets, and what it may see of every field.

Declared in one file (``contracts/purposes/purposes.yaml``), read and checked at the start, compiled into projections.
"""
