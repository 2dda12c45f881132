"""Sources that read user and listing profiles from PostgreSQL or SQLite."""
