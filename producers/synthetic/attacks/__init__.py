"""Attacks on accounts, and innocent people who look guilty, with the truth about each event.

Each kind is a function that writes one scenario's events into a :class:`~producers.synthetic.attacks.script.Script`.
"""
