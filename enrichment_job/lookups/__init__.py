"""Asynchronous lookups for a synchronous job: one background event loop, batches, a cache in front.

The task's thread calls :class:`enrichment_job.lookups.engine.LookupEngine` and never waits; the event loop's thread
does the HTTP and never touches anything of Flink or Java. Every pending lookup gets a result, whatever happens to it:
:mod:`completion` sets it, :mod:`exchange` handles the failures of a batch, :mod:`waiting_keys` finds the keys that are
never sent.
"""
