"""Scenarios whose numbers vary widely, so that rules cannot be fitted to the numbers of the other scenarios."""
