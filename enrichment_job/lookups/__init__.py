"""Asynchronous lookups for a synchronous job: one background event loop, batches, a cache in front.

The task's thread calls :class:`enrichment_job.lookups.engine.LookupEngine` and never waits; the loop's thread
does the HTTP and never touches anything of Flink or Java. Every pending lookup ends, whatever happens to it: a key by
:mod:`settlement`, a batch by :mod:`exchange`, a key that is never sent by :mod:`waiting_keys`.
"""
