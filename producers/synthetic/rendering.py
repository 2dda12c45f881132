"""Renders a raw event to bytes, with templates: encoding objects would take several times as long."""

from collections.abc import Callable
from random import Random

from contracts.events.raw import SCHEMA
from producers.synthetic import browsing_events, transaction_events
from producers.synthetic.event_content import EventContent
from producers.synthetic.journey import ON_SERVER, Action, next_step
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.visits import SITE, Visit

CONTENT: dict[Action, Callable[[Visit, Marketplace, Random], EventContent]] = {
    "page_view": browsing_events.page_view,
    "search": browsing_events.search,
    "listing_view": browsing_events.listing_view,
    "like": browsing_events.like,
    "share": browsing_events.share,
    "add_to_cart": transaction_events.add_to_cart,
    "checkout": transaction_events.checkout,
    "order": transaction_events.order,
    "sign_up": transaction_events.account,
    "sign_in": transaction_events.account,
    "password_change": transaction_events.account,
    "listing_create": transaction_events.listing_create,
}
_FIRST_ACTIONS: tuple[Action, ...] = (*("page_view",) * 10, *("listing_view",) * 7, *("search",) * 3)
_NAMES: dict[Action, bytes] = {action: action.encode() for action in CONTENT}

_HEAD = b'{"schema":"' + SCHEMA.encode() + b'","event_id":"%b%012x","event_name":"%b",'
SERVER_EVENT = (
    _HEAD + b'"platform":"srv","actor":%b,"context":{%b},"times":{"dvce_created_tstamp":%d},"attributes":{%b}}'
)
CLIENT_EVENT = (
    _HEAD + b'%b,%b},"times":{"dvce_created_tstamp":%d,"dvce_sent_tstamp":%d},"attributes":{'
    b'%b%b,"view":{"scroll_percent":%d,"sequence":%d}}}'
)
SERVER_CONTEXT = b'"app_id":"market-backend","app_version":"3.18.0","deployment":{"region":"eu-1","release":"r%d"}'
BUFFER_MEAN_MS = 600_000
BUFFER_MAX_MS = 6 * 3_600_000


def next_event(
    visit: Visit, marketplace: Marketplace, collector_ms: int, server_without_browser: float, rng: Random
) -> bytes | None:
    """The visit's next event as received by the collector at ``collector_ms``; None when the visit is over.

    ``server_without_browser``: share of the server events that have the account and not the browser.
    """
    if visit.action is None:
        action = _FIRST_ACTIONS[int(rng.random() * len(_FIRST_ACTIONS))]
    else:
        step = next_step(visit.journey, visit.action, visit.signed_in, rng)
        if step == "end":
            return None
        action = step
    visit.action = action
    content = CONTENT[action](visit, marketplace, rng)
    if action in ON_SERVER:
        return _from_server(visit, action, content, collector_ms, server_without_browser, rng)
    return _from_client(visit, action, content, collector_ms, rng)


def _from_server(  # noqa: PLR0917  # by position: it runs for every event
    visit: Visit, action: Action, content: EventContent, collector_ms: int, without_browser: float, rng: Random
) -> bytes:
    bits = rng.getrandbits(48)
    # Decided by the id's own bits: with a further random number all later events would be others.
    visit.account_only = bits < without_browser * 2**48
    return SERVER_EVENT % (
        visit.event_id_prefix,
        bits,
        _NAMES[action],
        visit.account_actor if visit.account_only else visit.signed_in_actor,
        SERVER_CONTEXT % int(rng.random() * 40),
        collector_ms - int(rng.random() * 40),
        content.attributes,
    )


def _from_client(visit: Visit, action: Action, content: EventContent, collector_ms: int, rng: Random) -> bytes:
    bits = rng.getrandbits(21)
    sent = collector_ms - 20 - (bits & 0xFF) + visit.clock_ms
    waited = bits >> 8 & 0x3F
    if rng.random() < visit.buffered_share:
        waited += min(int(rng.expovariate(1.0) * BUFFER_MEAN_MS), BUFFER_MAX_MS)
    visit.sequence += 1
    visit.waited_ms = waited
    return CLIENT_EVENT % (
        visit.event_id_prefix,
        rng.getrandbits(48),
        _NAMES[action],
        visit.client,
        _site_context(visit, content) if visit.platform != b"mob" else _application_context(action, content),
        sent - waited,
        sent,
        content.attributes,
        visit.experiment,
        (bits >> 14) % 101,
        visit.sequence,
    )


def _site_context(visit: Visit, content: EventContent) -> bytes:
    url = SITE + content.path
    if visit.landing_query:
        url += visit.landing_query if b"?" not in url else b"&" + visit.landing_query[1:]
        visit.landing_query = b""
    referrer, visit.referrer = visit.referrer, url
    if not referrer:
        return b'"page_url":"%b","page_title":"%b"' % (url, content.title)
    return b'"page_url":"%b","page_title":"%b","page_referrer":"%b"' % (url, content.title, referrer)


def _application_context(action: Action, content: EventContent) -> bytes:
    return b'"page_title":"%b","screen":{"name":"%b","path":"%b"}' % (content.title, _NAMES[action], content.path)
