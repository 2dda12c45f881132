"""Where answers come from: one module per source, all behind :class:`~lookup_service.sources.protocol.Source`."""
