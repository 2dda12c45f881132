"""Druid on the enriched topics: supervisor specs, retention and compaction rules, queries, and a command to post them.

Each purpose has the datasource ``clickstream_<purpose>_events`` with every event for a month. The purpose of all
events also has ``clickstream_<purpose>_visits`` and ``clickstream_<purpose>_actions``, rolled up by the minute, with
sketches of visitors and sessions, for two years. ``clickstream_sessions`` is of the session records.
"""
