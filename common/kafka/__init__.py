"""How the project's own Kafka clients (producers, ledger, topics, live view) log in; the jobs have property files."""
