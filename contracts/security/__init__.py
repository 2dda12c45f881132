"""What the job account_security says and hears: verdicts, labels, changes of rules."""
