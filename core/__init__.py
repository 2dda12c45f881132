"""From a raw event and the results of lookups to output records, without input or output of its own. Shared by the job
and ``POST /v1/enrich``.
"""
