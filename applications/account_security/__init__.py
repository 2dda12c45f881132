"""Account security: a verdict on every event that concerns an account, and what hears of it."""
