"""A raw event's bytes. Written by template: encoding objects would take several times as long."""

from collections.abc import Callable
from random import Random

from contracts.events.raw import SCHEMA
from producers.synthetic import browsing_events as browsing
from producers.synthetic import transaction_events as dealing
from producers.synthetic.event_content import Content
from producers.synthetic.journey import ON_SERVER, Action, next_step
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.visits import SITE, Visit

CONTENT: dict[Action, Callable[[Visit, Marketplace, Random], Content]] = {
    "page_view": browsing.page_view,
    "search": browsing.search,
    "listing_view": browsing.listing_view,
    "like": browsing.like,
    "share": browsing.share,
    "add_to_cart": dealing.add_to_cart,
    "checkout": dealing.checkout,
    "order": dealing.order,
    "sign_up": dealing.account,
    "sign_in": dealing.account,
    "password_change": dealing.account,
    "listing_create": dealing.listing_create,
}
_FIRST: tuple[Action, ...] = (*("page_view",) * 10, *("listing_view",) * 7, *("search",) * 3)
_NAMES: dict[Action, bytes] = {action: action.encode() for action in CONTENT}

_HEAD = b'{"schema":"' + SCHEMA.encode() + b'","event_id":"%b%012x","event_name":"%b",'
_SERVER_EVENT = (
    _HEAD + b'"platform":"srv","actor":%b,"context":{%b},"times":{"dvce_created_tstamp":%d},"attributes":{%b}}'
)
_CLIENT_EVENT = (
    _HEAD + b'%b,%b},"times":{"dvce_created_tstamp":%d,"dvce_sent_tstamp":%d},"attributes":{'
    b'%b%b,"view":{"scroll_percent":%d,"sequence":%d}}}'
)
_SERVER_CONTEXT = b'"app_id":"market-backend","app_version":"3.18.0","deployment":{"region":"eu-1","release":"r%d"}'
BUFFER_MEAN_MS = 600_000
BUFFER_MAX_MS = 6 * 3_600_000


def next_event(session: Visit, world: Marketplace, collector_ms: int, rng: Random) -> bytes | None:
    """The session's next event as the collector receives it at ``collector_ms``; None when the visit is over."""
    if session.action is None:
        action = _FIRST[int(rng.random() * len(_FIRST))]
    else:
        step = next_step(session.journey, session.action, session.signed_in, rng)
        if step == "end":
            return None
        action = step
    session.action = action
    content = CONTENT[action](session, world, rng)
    if action in ON_SERVER:
        return _from_server(session, action, content, collector_ms, rng)
    return _from_client(session, action, content, collector_ms, rng)


def _from_server(session: Visit, action: Action, content: Content, collector_ms: int, rng: Random) -> bytes:
    return _SERVER_EVENT % (
        session.event_head,
        rng.getrandbits(48),
        _NAMES[action],
        session.known_actor,
        _SERVER_CONTEXT % int(rng.random() * 40),
        collector_ms - int(rng.random() * 40),
        content.attributes,
    )


def _from_client(session: Visit, action: Action, content: Content, collector_ms: int, rng: Random) -> bytes:
    bits = rng.getrandbits(21)
    sent = collector_ms - 20 - (bits & 0xFF) + session.clock_ms
    waited = bits >> 8 & 0x3F
    if rng.random() < session.buffered:
        waited += min(int(rng.expovariate(1.0) * BUFFER_MEAN_MS), BUFFER_MAX_MS)
    session.sequence += 1
    return _CLIENT_EVENT % (
        session.event_head,
        rng.getrandbits(48),
        _NAMES[action],
        session.client,
        _on_site(session, content) if session.platform != b"mob" else _on_screen(action, content),
        sent - waited,
        sent,
        content.attributes,
        session.experiment,
        (bits >> 14) % 101,
        session.sequence,
    )


def _on_site(session: Visit, content: Content) -> bytes:
    url = SITE + content.path
    if session.landing:
        url += session.landing if b"?" not in url else b"&" + session.landing[1:]
        session.landing = b""
    came_from, session.referrer = session.referrer, url
    if not came_from:
        return b'"page_url":"%b","page_title":"%b"' % (url, content.title)
    return b'"page_url":"%b","page_title":"%b","page_referrer":"%b"' % (url, content.title, came_from)


def _on_screen(action: Action, content: Content) -> bytes:
    return b'"page_title":"%b","screen":{"name":"%b","path":"%b"}' % (content.title, _NAMES[action], content.path)
