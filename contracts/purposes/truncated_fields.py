"""Which fields a policy may truncate, by which rule, and what type the rule leaves.

The functions of the rules are in :mod:`core.truncation`. Another field that can be truncated is one entry here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Rule = Literal["network", "tenth", "page", "site", "month", "release", "code", "label"]
_CODES = (
    *("app_id", "br_lang", "os_timezone", "category", "listing_id", "order_id", "currency", "http_method"),
    *("mkt_medium", "mkt_source", "mkt_campaign", "mkt_content", "mkt_term", "refr_source", "refr_term"),
)
_LABELS = ("brand", "user_agent_name", "user_agent_os_name", "user_agent_device_name", "user_agent_crawler_name")
TRUNCATED_BY: Mapping[str, Rule] = MappingProxyType(
    {
        "user_ipaddress": "network",
        "geo_latitude": "tenth",
        "geo_longitude": "tenth",
        "page_url": "page",
        "page_referrer": "page",
        "refr_urlhost": "site",
        "user_registered_tstamp": "month",
        "listing_created_tstamp": "month",
        "app_version": "release",
        "user_agent_version": "release",
        "user_agent_os_version": "release",
        **dict.fromkeys(_CODES, "code"),
        **dict.fromkeys(_LABELS, "label"),
    }
)
_OTHER_TYPES: Mapping[Rule, type] = MappingProxyType({"tenth": float, "month": int})


def truncated_type(name: str) -> type:
    """The type of the field's truncated value."""
    return _OTHER_TYPES.get(TRUNCATED_BY[name], str)
