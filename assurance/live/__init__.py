"""What the pipeline does right now, on a terminal: rates, outcomes, latency, countries, crawlers, failures."""
