"""Sessions: pure rules over a visitor's events. No Flink."""
