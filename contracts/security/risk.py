"""``POST /v1/risk``: the verdict on an event that is about to happen, from the account_security job's state.

The event need not be complete: what is absent is not judged. A sign-in without an outcome is judged as one that
succeeds. The event is not remembered; send it to the raw topic once it has happened. The request's deadline is the
header of the lookups. Without the state in time the level is ``unknown`` and the decision ``allow``, and ``status``
says why.
"""

from typing import Annotated, Literal

import msgspec

from contracts.events.raw import Attributes, EventId, EventName, Identifier, ShortText, Text
from contracts.security.verdicts import Decision, Flow, Level, Reason

PATH = "/v1/risk"
Status = Literal["ok", "no_state", "timeout", "error"]
"""no_state: the job has not written any; timeout, error: the state could not be read."""


class RiskEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The raw event's fields that a verdict can rest on, flat."""

    event_name: EventName
    event_id: EventId | None = None
    collector_tstamp: Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000)] | None = None
    """None: now."""
    platform: Literal["web", "mob", "srv"] = "srv"
    app_id: Identifier | None = None
    app_version: ShortText | None = None
    user_id: Identifier | None = None
    domain_userid: Identifier | None = None
    domain_sessionid: Identifier | None = None
    user_ipaddress: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    useragent: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    page_url: Text | None = None
    br_lang: ShortText | None = None
    os_timezone: ShortText | None = None
    dvce_screenwidth: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    dvce_screenheight: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    """Send what the event itself will have: with ``useragent``, ``br_lang`` and the client hints the two sizes are the
    client. Without them the person's own browser is taken for another one."""
    attributes: Attributes = Attributes()


class RiskRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    event: RiskEvent


class RiskAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    status: Status
    flow: Flow
    decision: Decision
    level: Level
    score: float
    reasons: list[Reason] = []
    likelihood: float | None = None
    rules_version: str | None = None
    state_age_ms: int | None = None
    """Since the job wrote the newest part of the state that was used."""
