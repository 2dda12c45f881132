"""``python -m deploy.security``: what people tell account security while it runs: labels, changes of rules, erasure."""
