"""``make backtest``: what rules would have said about recorded events. Runs the job's own pure code, without Flink."""
