"""Spans for sampled events. Imported only where the property group ``tracing`` names an endpoint.

The worker runtime wraps tracing around the enrichment lookup and the outcome writer; hot and cold path do not know it.
An event's context comes in its body and goes out as the Kafka header ``traceparent``. The span of an event is made
when the event leaves, under an id that is computed from the event. So hot path, cold path and lookups name the same
span without exchanging anything, also across processes and restarts.
"""
