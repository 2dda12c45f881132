"""The data sources: one module per source; each implements :class:`~lookup_service.sources.protocol.Source`."""
