"""Records into Kafka or a file: paced, counted, traced."""
