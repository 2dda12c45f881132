"""The Flink job account_security: a verdict on every event that concerns an account, milliseconds after the event."""
