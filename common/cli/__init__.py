"""What every command line uses: shutdown signals, a server for metrics."""
