"""All enrichments of one event: which are known, which are asked for, which are waited for."""
