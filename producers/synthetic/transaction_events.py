"""Content of the transaction events: carts, orders, accounts and new listings."""

from random import Random

from producers.synthetic.event_content import EventContent, choose, current_listing
from producers.synthetic.identifiers import hex64
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.visits import Visit

_METHODS = (b"password", b"google", b"apple", b"passkey")
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
        b'"shipping":{"method":"parcel","days":%d},"lines":[%b]}'
        % (listing.brief, visit.order_id, choose(_PAYMENTS, rng), 1 + int(rng.random() * 5), listing.item),
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
    """Sign-up, sign-in or a change of the password."""
    visit.sign_in()
    return EventContent(
        b"/account",
        b"",
        b'"auth":{"method":"%b","mfa":%b,"risk":{"score":0.%03d,"signals":["new_device","known_network"]},'
        b'"attempt":%d,"token_id":"%b","policy":{"name":"default","version":7,"lifetime_s":86400}},'
        b'"audit":{"service":"identity","node":"identity-%d","trace_id":"%b%b","duration_ms":%d}'
        % (
            choose(_METHODS, rng),
            b"true" if rng.random() < 0.3 else b"false",
            int(rng.random() * 1000),
            1 + int(rng.random() * 2),
            hex64(rng),
            int(rng.random() * 6),
            hex64(rng),
            hex64(rng),
            5 + int(rng.random() * 300),
        ),
    )


def listing_create(visit: Visit, marketplace: Marketplace, rng: Random) -> EventContent:
    """A listing is published."""
    visit.listing = listing = marketplace.listings[int(rng.random() * len(marketplace.listings))]
    return EventContent(
        listing.path,
        listing.title,
        b'%b,"draft":{"started_from":"app_home","edits":%d,"seconds":%d,"suggested_price":%b,"photos_rejected":%d}'
        % (
            listing.full,
            int(rng.random() * 9),
            40 + int(rng.random() * 900),
            b"true" if rng.random() < 0.5 else b"false",
            int(rng.random() * 3),
        ),
    )
