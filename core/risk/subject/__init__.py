"""What is known of one account: its log, its habits, and the verdicts on its events."""
