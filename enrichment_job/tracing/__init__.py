"""Spans for sampled events. Imported only where the property group ``tracing`` names an endpoint.

An event's context comes in its body and goes out as the Kafka header ``traceparent``. The span of an event is made
when it leaves, under an id that follows from the event: hot path, cold path and lookups name the same span without
talking to each other, in whatever process they are and after whatever restart.
"""
