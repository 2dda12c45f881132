"""The lookup service: where an address is, who a user is, what a listing is, over HTTP in batches.

The contract is :mod:`contracts.lookup_api.lookups`. Start it with ``python -m lookup_service``.
"""
