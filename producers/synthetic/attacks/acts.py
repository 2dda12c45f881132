"""One event of a scenario, and how it becomes a raw event."""

from random import Random
from typing import Literal, NamedTuple

from producers.synthetic.attacks.clients import Client
from producers.synthetic.identifiers import uuid_prefix
from producers.synthetic.rendering import CLIENT_EVENT, SERVER_CONTEXT, SERVER_EVENT

ActName = Literal[
    "sign_in",
    "sign_up",
    "password_change",
    "email_change",
    "mfa_change",
    "payout_change",
    "checkout",
    "listing_create",
    "http_request",
]
_SERVICES = 40


class Act(NamedTuple):
    """``offset_ms`` is the time since the scenario's start."""

    offset_ms: int
    name: ActName
    client: Client
    user_id: bytes | None
    attributes: bytes
    """Members of the JSON object ``attributes``."""
    is_innocent: bool
    """Whether the owner of the account does it, although the scenario is an attack."""


def render(act: Act, at_ms: int, rng: Random) -> bytes:
    """The raw event as the collector receives it at ``at_ms``. The truth is in no part of it."""
    client = act.client
    actor = _actor(act)
    identifiers = uuid_prefix(rng), rng.getrandbits(48), act.name.encode()
    sent = at_ms - 20 - int(rng.random() * 200)
    if act.name == "checkout":
        page = b'"page_url":"https://www.market.example/checkout/payment","page_title":"Checkout"'
        start = b'"platform":"%b","actor":%b,"context":{%b' % (client.platform, actor, client.context)
        view = int(rng.random() * 101), 1 + int(rng.random() * 9)
        return CLIENT_EVENT % (
            *identifiers,
            start,
            page,
            sent - int(rng.random() * 60),
            sent,
            act.attributes,
            b"",
            *view,
        )
    if act.name == "http_request":
        context = b'"app_id":"market-edge","page_url":"https://www.market.example/l/%d"' % int(rng.random() * 50_000)
    else:
        context = SERVER_CONTEXT % int(rng.random() * _SERVICES)
    return SERVER_EVENT % (*identifiers, actor, context, at_ms - int(rng.random() * 40), act.attributes)


def _actor(act: Act) -> bytes:
    client = act.client
    named = (
        (b"user_id", act.user_id),
        (b"domain_userid", client.domain_userid),
        (b"domain_sessionid", client.domain_sessionid),
        (b"user_ipaddress", client.address),
        (b"useragent", client.useragent),
    )
    return b"{" + b",".join(b'"%b":"%b"' % (name, value) for name, value in named if value is not None) + b"}"
