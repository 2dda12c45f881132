"""What the pipeline emits right now: a live view for the terminal, and an exporter for Prometheus."""
