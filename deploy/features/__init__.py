"""The file of features at work: its document, and the commands for the store that it fills."""
