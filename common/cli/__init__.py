"""Parts of command lines: shutdown on signals, a metrics server, the end of a log file."""
