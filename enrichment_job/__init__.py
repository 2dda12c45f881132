"""The PyFlink job that enriches every clickstream event once. Start at :mod:`enrichment_job.pipeline`."""
