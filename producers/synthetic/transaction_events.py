"""Content of the transaction events: carts, orders, accounts and new listings."""

from random import Random

from producers.synthetic.descriptions import description
from producers.synthetic.event_content import EventContent, choose, current_listing
from producers.synthetic.identifiers import hex64
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.text_hash import text_hash
from producers.synthetic.visits import Visit

_METHODS = (b"password", b"google", b"apple", b"passkey")
WRONG_PASSWORD_SHARE = 0.03
"""Share of the sign-ins that fail, in ordinary traffic."""
SUCCESS = b"success"
FAILURE = b'failure","auth_reason":"wrong_password'
"""The outcome and, with it, its reason."""
_PAYMENTS = (b"card", b"paypal", b"wallet", b"invoice")


def add_to_cart(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A listing is put into the cart."""
    listing = current_listing(visit, marketplace, rng)
    return EventContent(
        listing.path,
        listing.title,
        b'%b,"quantity":%d,"cart":{"id":"%b","lines":[%b]}'
        % (listing.full, 1 + int(rng.random() * 3), hex64(rng), listing.item),
    )


def checkout(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """The payment page; the order gets its number."""
    listing = current_listing(visit, marketplace, rng)
    visit.order_id = b"o%010d" % int(rng.random() * 10_000_000_000)
    return EventContent(
        b"/checkout/payment",
        b"Checkout",
        b'%b,"order_id":"%b","quantity":1,"checkout":{"step":"payment","payment_method":"%b",'
        b'"shipping":{"method":"parcel","days":%d},"lines":[%b]},%b'
        % (
            listing.brief,
            visit.order_id,
            choose(_PAYMENTS, rng),
            1 + int(rng.random() * 5),
            listing.item,
            visit.security,
        ),
    )


def order(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """The order is paid."""
    listing = current_listing(visit, marketplace, rng)
    return EventContent(
        b"/orders",
        b"",
        b'%b,"order_id":"%b","quantity":1,"payment":{"method":"%b","provider":"psp-1","risk":{"score":0.%03d,'
        b'"rules":["velocity","address_match"]},"installments":%d},"lines":[%b],"shipping_label":"%b"'
        % (
            listing.full,
            visit.order_id,
            choose(_PAYMENTS, rng),
            int(rng.random() * 1000),
            1 + int(rng.random() * 3),
            listing.item,
            hex64(rng),
        ),
    )


def account(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """Sign-up, sign-in or a change of the password. A sign-in can fail: then nobody is signed in."""
    draw = rng.random()
    if visit.action == "sign_in" and draw < WRONG_PASSWORD_SHARE:
        attributes = account_attributes(b"password", b"none", FAILURE, rng)
    else:
        visit.sign_in()
        method = choose(_METHODS, rng)
        attributes = account_attributes(method, b"passed" if rng.random() < 0.3 else b"none", SUCCESS, rng)
    return EventContent(b"/account", b"", b"%b,%b" % (attributes, visit.security))


def account_attributes(method: bytes, mfa: bytes, outcome: bytes, rng: Random) -> bytes:
    """Members of ``attributes``. ``outcome``: :data:`SUCCESS`, or what ends like :data:`FAILURE`."""
    return (
        b'"auth":{"method":"%b","mfa":%b,"risk":{"score":0.%03d,"signals":["new_device","known_network"]},'
        b'"attempt":%d,"token_id":"%b","policy":{"name":"default","version":7,"lifetime_s":86400}},'
        b'"audit":{"service":"identity","node":"identity-%d","trace_id":"%b%b","duration_ms":%d},'
        b'"auth_method":"%b","auth_mfa":"%b","auth_outcome":"%b"'
    ) % (
        method,
        b"true" if mfa == b"passed" else b"false",
        int(rng.random() * 1000),
        1 + int(rng.random() * 2),
        hex64(rng),
        int(rng.random() * 6),
        hex64(rng),
        hex64(rng),
        5 + int(rng.random() * 300),
        method,
        mfa,
        outcome,
    )


def listing_create(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A listing is published."""
    visit.listing = listing = marketplace.listings[int(rng.random() * len(marketplace.listings))]
    draft = b'"draft":{"started_from":"app_home","edits":%d,"seconds":%d,"suggested_price":%b,"photos_rejected":%d}' % (
        int(rng.random() * 9),
        40 + int(rng.random() * 900),
        b"true" if rng.random() < 0.5 else b"false",
        int(rng.random() * 3),
    )
    # Hash and ratio are those of a new text and price: two people who list the same thing do not copy each other.
    hashes = (
        b'"listing_text_hash":"%b","listing_image_hash":"%b","listing_has_contact":false,"listing_has_link":false,'
        b'"listing_price_ratio":%.2f'
    ) % (text_hash(description(rng)).encode(), hex64(rng), min(max(rng.gauss(1.0, 0.2), 0.5), 2.0))
    return EventContent(listing.path, listing.title, b"%b,%b,%b,%b" % (listing.full, draft, hashes, visit.security))
