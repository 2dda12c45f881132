"""What the job keeps of a visitor, how it is packed, and what visitors tell each other. No Flink."""
