"""From an event of the purpose security to what the logs keep of it."""

from typing import Final

from contracts.security.verdicts import SubjectKind
from core.risk.observation import VALUE_FIELDS, Observation, Values, digest, subject_key_of
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import FLOWS, SecurityEvent

_SEPARATOR: Final = "\x1f"
_HASH_DIGITS: Final = 16


def observe(event: SecurityEvent, rules: RuleSet) -> Observation | None:
    """None for an event that is not judged (:data:`FLOWS`)."""
    flow = FLOWS.get(event.event_name)
    if flow is None:
        return None
    kind, subject_id = subject_of(event)
    matched, excluded = rules.match(event)
    return Observation(
        event_id=event.event_id,
        at=event.collector_tstamp,
        flow=flow,
        subject_kind=kind,
        subject_id=subject_id,
        matched=matched,
        excluded=excluded,
        values=_values(event),
        latitude=event.geo_latitude if event.geo_city else None,
        longitude=event.geo_longitude if event.geo_city else None,
        registered=event.user_registered_tstamp,
        subject_key=subject_key_of(kind, subject_id),
    )


def subject_of(event: SecurityEvent) -> tuple[SubjectKind, str]:
    """Who is judged: the account, else the browser, else the device, else nobody but the event."""
    if event.user_id:
        return "user", event.user_id
    if event.domain_userid:
        return "browser", event.domain_userid
    if event.device_id:
        return "device", event.device_id
    return "event", event.event_id


def _values(event: SecurityEvent) -> Values:
    values = {
        "user_id": _digest(event.user_id),
        "domain_userid": _digest(event.domain_userid),
        "domain_sessionid": _digest(event.domain_sessionid),
        "user_ipaddress": _digest(event.user_ipaddress),
        "as_number": event.as_number,
        "geo_country": _digest(event.geo_country),
        "device_id": _digest(event.device_id),
        "client": _client(event),
        "email_domain": _digest(event.email_domain),
        "listing_text_hash": _similarity(event.listing_text_hash),
        "listing_image_hash": _similarity(event.listing_image_hash),
    }
    return tuple(values[name] for name in VALUE_FIELDS)


def _digest(text: str | None) -> int | None:
    return digest(text) if text else None


def _client(event: SecurityEvent) -> int | None:
    """What tells one make of client from another. None without a user agent."""
    if not event.useragent:
        return None
    parts = (
        *(event.useragent, event.br_lang, event.dvce_screenwidth, event.dvce_screenheight),
        *(event.client_hint_ua, event.client_hint_platform, event.client_hint_mobile),
    )
    return digest(_SEPARATOR.join("" if part is None else str(part) for part in parts))


def _similarity(text: str | None) -> int | None:
    """The 64 bits themselves. None for what is no hash, and for 0: a text without words and a blank image have it."""
    try:
        return (int(text, 16) or None) if text and len(text) == _HASH_DIGITS else None
    except ValueError:
        return None
