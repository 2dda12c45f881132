"""The run's summary: as JSON, and as a report for the terminal."""
