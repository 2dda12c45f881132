"""Balances the outputs against the raw records, by the policy of purposes."""
