"""``POST /v1/risk``: the event is enriched as the job would, and judged by the state that account_security has written.

Whatever fails is told in the answer's ``status``: the caller always gets a decision, in time.
"""

import asyncio
import time
from uuid import uuid4

import msgspec
import structlog

from common.addresses import read_address
from contracts.enrichments import ENRICHMENT_VERSION
from contracts.events.enriched import EventFields
from contracts.events.raw import Attributes
from contracts.security.risk import RiskAnswer, RiskEvent
from core.flat_event import FlatEvent
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.risk.observe import observe
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import FLOWS, SecurityEvent, read_event
from lookup_service.clock import now_ms
from lookup_service.endpoints.enrich import BUILDER, derived_by, enriched_json
from lookup_service.resolving.event_lookups import EventLookups
from lookup_service.risk.judging import Unreadable, answer, question_of, without_state
from lookup_service.services import Services

LOOKUP_SHARE = 0.5
"""Share of the time for looking up the address and the user, so that a slow source leaves time for the state."""
_ATTRIBUTES = Attributes.__struct_fields__
log = structlog.get_logger(__name__)


async def assess(event: RiskEvent, services: Services, *, until: float) -> RiskAnswer:
    """Never raises.

    :param event: of a name in :data:`core.risk.security_event.FLOWS`.
    :param until: :func:`time.perf_counter` by which the answer is wanted.
    """
    flow = FLOWS[event.event_name]
    rules = services.rules.rules
    if rules is None:
        return without_state("no_state", flow)
    try:
        return await _assess(event, rules, services, until)
    except TimeoutError:
        return without_state("timeout", flow, rules)
    except Exception as error:  # a bug, in the rules' code too, must not stop a sign-in
        log.error("risk_failed", error_type=type(error).__name__)
        return without_state("error", flow, rules)


async def _assess(event: RiskEvent, rules: RuleSet, services: Services, until: float) -> RiskAnswer:
    """Raises TimeoutError."""
    flow = FLOWS[event.event_name]
    now = now_ms()
    security_event = await _enriched(event, services, now, budget_s=(until - time.perf_counter()) * LOOKUP_SHARE)
    observed = observe(security_event, rules)
    if observed is None:
        return without_state("error", flow, rules)
    question = question_of(observed, rules)
    async with asyncio.timeout(until - time.perf_counter()):
        values = await services.risk_redis.get(question.keys)
    if values is None:
        return without_state("error", flow, rules)
    if not services.rules.is_from_job and not any(values):
        return without_state("no_state", flow, rules)
    if time.perf_counter() >= until:  # a busy process must not judge, which costs most, for nobody
        raise TimeoutError
    found = answer(question, values, rules, services.rules.limits, now)
    if isinstance(found, Unreadable):
        services.metrics.record_unreadable_state()
        log.warning("state_unreadable", part=found.part, reason=found.reason)
        return without_state("error", flow, rules)
    return found


async def _enriched(event: RiskEvent, services: Services, now: int, *, budget_s: float) -> SecurityEvent:
    """A lookup that fails or takes too long leaves its fields out, as in the job."""
    flat = FlatEvent(b"", event_fields(event, now))
    lookups = EventLookups(BUILDER)
    lookup = EnrichmentLookup(lookups, BUILDER, derived_by(services.sources))
    pending = lookup.get_or_pending(flat, 0.0)
    await lookups.resolve(services.resolver, budget_s=budget_s)
    enriched = read_event(enriched_json(flat.fields, lookup.resolve(pending, flat, 0.0).enrichments))
    return msgspec.structs.replace(enriched, app_id=event.app_id)


def event_fields(event: RiskEvent, now: int) -> EventFields:
    """What :func:`core.flatten.flatten` gives for the raw event.

    :param now: the event's time where it has none, ms since 1970 UTC.
    """
    at = now if event.collector_tstamp is None else event.collector_tstamp
    attributes = {name: getattr(event.attributes, name) for name in _ATTRIBUTES}
    if event.event_name == "sign_in" and event.attributes.auth_outcome is None:
        attributes["auth_outcome"] = "success"  # The question is what the sign-in would do if it succeeded.
    address = event.user_ipaddress
    return EventFields(
        event_id=event.event_id or uuid4().hex,
        event_name=event.event_name,
        platform=event.platform,
        app_id=event.app_id or "",
        etl_version=ENRICHMENT_VERSION,
        collector_tstamp=at,
        dvce_created_tstamp=at,
        derived_tstamp=at,
        etl_tstamp=now,
        user_id=event.user_id,
        domain_userid=event.domain_userid,
        domain_sessionid=event.domain_sessionid,
        user_ipaddress=None if address is None else read_address(address) or address,
        useragent=event.useragent,
        app_version=event.app_version,
        page_url=event.page_url,
        br_lang=event.br_lang,
        os_timezone=event.os_timezone,
        dvce_screenwidth=event.dvce_screenwidth,
        dvce_screenheight=event.dvce_screenheight,
        **attributes,
    )
