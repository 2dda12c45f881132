"""Tells another system of the verdicts that ask for an action, by HTTP. Off unless a URL is given. Without Flink."""
