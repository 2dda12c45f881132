"""Traces for whoever makes spans: the job, the lookup service and the producers.

Nothing here is imported where tracing is off, but the names of the trace context.
"""
