"""Pure: bytes and answers in, records out. Shared by the job and ``POST /v1/enrich``."""
