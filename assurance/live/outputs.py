"""The output topics, and what their records are counted under."""

from collections.abc import Mapping

from contracts.topics import ALL, RAW
from contracts.topics import OUTCOMES as NOT_ENRICHED

PURPOSES: Mapping[str, str] = {
    topic.name: topic.name.split(".")[2] for topic in ALL if topic not in (RAW, *NOT_ENRICHED)
}
"""Enriched topic → purpose."""
OUTCOMES: Mapping[str, str] = {**PURPOSES, **{topic.name: topic.name.split(".")[1] for topic in NOT_ENRICHED}}
"""Output topic → purpose, ``late``, ``failed`` or ``suppressed``."""
