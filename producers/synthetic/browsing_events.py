"""Content of the browsing events: pages, searches, listing views, likes and shares."""

from random import Random

from producers.synthetic.event_content import EventContent, choose, current_listing, next_listing
from producers.synthetic.identifiers import hex64
from producers.synthetic.listings import CATEGORIES
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.visits import Visit

_CATEGORIES = tuple(name.encode() for name in CATEGORIES)
_ABOUT_BIT = 46
"""Two bits from here decide what a page or search is about: three quarters of them are about the visit's interest."""
_SOURCES = (b"search", b"home_feed", b"similar", b"saved_search", b"push")
_CHANNELS = (b"whatsapp", b"copy_link", b"email", b"facebook")


def page_view(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A category page."""
    interest = visit.interest
    bits = rng.getrandbits(48)
    category = choose(_CATEGORIES, rng) if interest is None or not bits >> _ABOUT_BIT else interest.category
    return EventContent(
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


def search(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A page of search results."""
    interest = visit.interest
    bits = rng.getrandbits(48)
    options = marketplace.search_terms
    if interest is not None and bits >> _ABOUT_BIT:
        options = interest.search_terms
    terms, quoted = options[int(rng.random() * len(options))]
    visit.listing = None
    return EventContent(
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


def listing_view(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """The page of a listing."""
    listing = next_listing(visit, marketplace, rng)
    return EventContent(
        listing.path,
        listing.title,
        b'%b,"impression":{"source":"%b","position":%d}'
        % (
            listing.full,
            choose(_SOURCES, rng),
            1 + int(rng.random() * 60),
        ),
    )


def like(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A listing becomes a favourite."""
    listing = current_listing(visit, marketplace, rng)
    return EventContent(
        listing.path,
        listing.title,
        b'%b,"interaction":{"component":"heart","list":"favourites","count":%d,"gesture":"tap"}'
        % (listing.full, 1 + int(rng.random() * 300)),
    )


def share(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A listing is shared with somebody."""
    listing = current_listing(visit, marketplace, rng)
    return EventContent(
        listing.path,
        listing.title,
        b'%b,"share":{"channel":"%b","short_link":"https://mkt.example/%b"}'
        % (listing.full, choose(_CHANNELS, rng), hex64(rng)),
    )
