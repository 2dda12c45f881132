"""The lookup service: batched lookups of addresses, users, listings and texts over HTTP.

The contract is :mod:`contracts.lookup_api.lookups`. Start it with ``python -m lookup_service``.
"""
