"""Flatten: from a raw record to the fields that an enriched event has from it. Pure."""

from common.addresses import read_address
from contracts.enrichments import ENRICHMENT_VERSION
from contracts.events.enriched import EventFields
from core.decode import Decoded, decode
from core.flat_event import BadRow, FlatEvent

MAX_DELAY_MS = 2 * 365 * 24 * 3_600_000
"""Longest plausible time on a device. An application that is opened again after months, or a year, sends the events
that it has kept. Clocks without a battery restart in 1970, 1980, 2000 or 2010, which gives a longer time."""


def flatten(raw: bytes, collector_tstamp: int, etl_tstamp: int) -> FlatEvent | BadRow:
    """Decode, validate and flatten one record.

    :param collector_tstamp: the Kafka record's timestamp, ms since 1970.
    :param etl_tstamp: when the job first saw the record, ms since 1970.
    """
    decoded = decode(raw)
    if isinstance(decoded, BadRow):
        return decoded
    return FlatEvent(raw, _flatten(decoded, collector_tstamp, etl_tstamp))


def derived_tstamp(created: int, sent: int | None, collector: int) -> int:
    """When it happened, by the collector's clock: the collector's time less the time on the device (Snowplow's rule).
    The time on the device is the difference of two device times, so that a wrong device clock cancels out. Without a
    sent time, and where the difference is implausible because the clock was set in between, it is the collector's time.
    """
    if sent is None or not 0 <= sent - created <= MAX_DELAY_MS:
        return collector
    return max(0, collector - (sent - created))


def _flatten(decoded: Decoded, collector_tstamp: int, etl_tstamp: int) -> EventFields:
    event, attributes, attributes_text, field_errors = decoded
    actor, context, times = event.actor, event.context, event.times
    address = actor.user_ipaddress
    return EventFields(
        event_id=event.event_id,
        event_name=event.event_name,
        platform=event.platform,
        app_id=context.app_id,
        etl_version=ENRICHMENT_VERSION,
        collector_tstamp=collector_tstamp,
        dvce_created_tstamp=times.dvce_created_tstamp,
        dvce_sent_tstamp=times.dvce_sent_tstamp,
        derived_tstamp=derived_tstamp(times.dvce_created_tstamp, times.dvce_sent_tstamp, collector_tstamp),
        etl_tstamp=etl_tstamp,
        user_id=actor.user_id,
        domain_userid=actor.domain_userid,
        domain_sessionid=actor.domain_sessionid,
        # Where no address can be read, the text as it was sent; the enrichments of the address are then `invalid`.
        user_ipaddress=None if address is None else read_address(address) or address,
        useragent=actor.useragent,
        app_version=context.app_version,
        page_url=context.page_url,
        page_title=context.page_title,
        page_referrer=context.page_referrer,
        br_lang=context.br_lang,
        os_timezone=context.os_timezone,
        dvce_screenwidth=context.dvce_screenwidth,
        dvce_screenheight=context.dvce_screenheight,
        consent=context.consent,
        listing_id=attributes.listing_id,
        category=attributes.category,
        search_terms=attributes.search_terms,
        order_id=attributes.order_id,
        price=attributes.price,
        currency=attributes.currency,
        quantity=attributes.quantity,
        http_method=attributes.http_method,
        http_status=attributes.http_status,
        http_bytes=attributes.http_bytes,
        unstruct_event=attributes_text,
        field_errors=field_errors,
    )
