"""The PyFlink job that enriches every clickstream event once. Start at :mod:`enrichment_job.pipeline`."""

NAME = "enrichment-job"
VERSION = "1.0.0"
