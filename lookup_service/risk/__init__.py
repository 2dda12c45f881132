"""The risk of an event that is about to happen, from the state that the job account_security writes to Redis."""
