"""Rules that count events within a timespan, evaluated over a log that is ordered by ``(at, event_id)``.

The logs of facets and of subjects share it.
"""
