"""Events as they cross a process border: raw, enriched, rejected; and the enriched one as columns."""
