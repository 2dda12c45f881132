"""Derived enrichments, one module each, by the name of their row in :mod:`contracts.enrichments`.

What a module has is described in :mod:`core.derived.interface`. Its function is pure, the same for the job and for the
lookup service. :mod:`core.registry` finds the module, remembers results as the module says, and turns them into
results of enrichments.
"""
