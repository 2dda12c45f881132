"""Druid on the enriched topics: supervisor specs, retention and compaction rules, queries, a command to post them.

Per purpose two datasources: ``clickstream_<purpose>_events`` with every event for a month, and
``clickstream_<purpose>_minutes`` rolled up by the minute, with sketches of visitors and sessions, for two years.
"""
