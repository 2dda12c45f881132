"""Features of browsers and their sessions: pure rules over what sessions did with a visitor's event. No Flink."""
