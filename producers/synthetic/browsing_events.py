"""Content of the events around looking: pages, searches, listings."""

from random import Random

from producers.synthetic.event_content import Content, pick, shown
from producers.synthetic.identifiers import hex64
from producers.synthetic.listings import CATEGORIES
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.visits import Visit

_CATEGORIES = tuple(name.encode() for name in CATEGORIES)
_SOURCES = (b"search", b"home_feed", b"similar", b"saved_search", b"push")
_CHANNELS = (b"whatsapp", b"copy_link", b"email", b"facebook")


def page_view(session: Visit, world: Marketplace, rng: Random) -> Content:
    """A category page."""
    category = pick(_CATEGORIES, rng)
    bits = rng.getrandbits(46)
    return Content(
        b"/" + category,
        category + b" - buy and sell near you",
        b'"category":"%b","page":{"type":"category","results":%d,"breadcrumb":["home","%b"]},'
        b'"performance":{"ttfb_ms":%d,"dom_interactive_ms":%d,"load_ms":%d,"cls":0.0%d}'
        % (
            category,
            bits & 0xFFF,
            category,
            20 + (bits >> 12 & 0x1FF),
            300 + (bits >> 21 & 0x3FF),
            700 + (bits >> 31 & 0xFFF),
            bits >> 43 & 7,
        ),
    )


def search(session: Visit, world: Marketplace, rng: Random) -> Content:
    """A page of search results."""
    terms, quoted = world.search_terms[int(rng.random() * len(world.search_terms))]
    session.listing = None
    bits = rng.getrandbits(42)
    return Content(
        b"/search?q=%b&sort=newest&page=%d" % (quoted, 1 + (bits & 3)),
        terms + b" - search results",
        b'"search_terms":"%b","search":{"id":"%012x","results":%d,"page_size":30,"sort":"newest","took_ms":%d,"filters":'
        b'{"radius_km":%d,"price":{"min":%d,"max":%d},"condition":["used","new"]}}'
        % (
            terms,
            rng.getrandbits(48),
            bits >> 2 & 0x3FF,
            8 + (bits >> 12 & 0x7F),
            5 + (bits >> 19 & 0x7F),
            bits >> 26 & 0x3F,
            100 + (bits >> 32 & 0x3FF),
        ),
    )


def listing_view(session: Visit, world: Marketplace, rng: Random) -> Content:
    """The page of a listing."""
    session.listing = listing = world.listing(rng)
    return Content(
        listing.path,
        listing.title,
        b'%b,"impression":{"source":"%b","position":%d}'
        % (
            listing.full,
            pick(_SOURCES, rng),
            1 + int(rng.random() * 60),
        ),
    )


def like(session: Visit, world: Marketplace, rng: Random) -> Content:
    """A listing becomes a favourite."""
    listing = shown(session, world, rng)
    return Content(
        listing.path,
        listing.title,
        b'%b,"interaction":{"component":"heart","list":"favourites","count":%d,"gesture":"tap"}'
        % (listing.full, 1 + int(rng.random() * 300)),
    )


def share(session: Visit, world: Marketplace, rng: Random) -> Content:
    """A listing is sent on."""
    listing = shown(session, world, rng)
    return Content(
        listing.path,
        listing.title,
        b'%b,"share":{"channel":"%b","short_link":"https://mkt.example/%b"}'
        % (listing.full, pick(_CHANNELS, rng), hex64(rng)),
    )
