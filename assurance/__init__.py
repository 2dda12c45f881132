"""What proves the pipeline; nothing in production imports this."""
