"""The output topics, and what their records are counted under."""

from collections.abc import Mapping

from contracts.topics import ALL, FAILED, LATE, RAW

PURPOSES: Mapping[str, str] = {
    topic.name: topic.name.split(".")[2] for topic in ALL if topic not in (RAW, LATE, FAILED)
}
"""Enriched topic → purpose."""
OUTCOMES: Mapping[str, str] = {**PURPOSES, LATE.name: "late", FAILED.name: "failed"}
"""Output topic → purpose, ``late`` or ``failed``."""
SUPPRESSED = "suppressed"
"""What those records of the failed topic are counted under that only say that the subject has opted out."""
