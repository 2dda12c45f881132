"""What the kinds of scenarios are written with: it notes who does what, and when."""

from random import Random

from producers.synthetic import security_attributes
from producers.synthetic.attacks.acts import Act, ActName
from producers.synthetic.attacks.cast import Cast
from producers.synthetic.attacks.clients import Client
from producers.synthetic.identifiers import hex64
from producers.synthetic.json_text import json_members
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.transaction_events import SUCCESS, account_attributes

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Script:
    """``above``: the scenario is just above the thresholds that it is about, else just below."""

    def __init__(self, cast: Cast, marketplace: Marketplace, rng: Random, *, above: bool) -> None:
        self.cast = cast
        self.rng = rng
        self.above = above
        self.acts: list[Act] = []
        self._marketplace = marketplace

    def sign_in(
        self,
        at_ms: float,
        user_id: bytes | None,
        client: Client,
        *,
        reason: str | None = None,
        mfa: str = "none",
        is_innocent: bool = False,
    ) -> None:
        """``reason``: why it fails; None: it succeeds. ``user_id``: None for a name that no account has."""
        outcome = SUCCESS if reason is None else b'failure","auth_reason":"%b' % reason.encode()
        attributes = account_attributes(b"password", mfa.encode(), outcome, self.rng)
        self._act(at_ms, "sign_in", client, user_id, attributes, is_innocent=is_innocent)

    def change(self, at_ms: float, what: ActName, user_id: bytes, client: Client, *, reason: str | None = None) -> None:
        """A change of the account. ``reason``: such as ``reset``."""
        outcome = SUCCESS if reason is None else b'success","auth_reason":"%b' % reason.encode()
        self._act(at_ms, what, client, user_id, account_attributes(b"password", b"none", outcome, self.rng))

    def sign_up(self, at_ms: float, user_id: bytes, client: Client, *, email_domain: str | None = None) -> None:
        attributes = account_attributes(b"password", b"none", SUCCESS, self.rng)
        self._act(at_ms, "sign_up", client, user_id, attributes, email_domain=email_domain)

    def check_out(self, at_ms: float, user_id: bytes, client: Client, *, is_innocent: bool = False) -> None:
        listing = self._marketplace.listing(self.rng)
        attributes = b'%b,"order_id":"o%010d","quantity":1,"checkout":{"step":"payment","payment_method":"card"}' % (
            listing.brief,
            int(self.rng.random() * 10_000_000_000),
        )
        self._act(at_ms, "checkout", client, user_id, attributes, is_innocent=is_innocent)

    def publish(
        self,
        at_ms: float,
        user_id: bytes,
        client: Client,
        *,
        text_hash: str,
        image_hash: str,
        has_contact: bool,
        has_link: bool,
        price_ratio: float,
    ) -> None:
        listing = self._marketplace.listing(self.rng)
        said = {
            "listing_text_hash": text_hash,
            "listing_image_hash": image_hash,
            "listing_has_contact": has_contact,
            "listing_has_link": has_link,
            "listing_price_ratio": round(price_ratio, 2),
        }
        self._act(at_ms, "listing_create", client, user_id, b"%b,%b" % (listing.full, json_members(said)))

    def request(self, at_ms: float, client: Client) -> None:
        """One line of a web server's log."""
        status = 200 if self.rng.random() < 0.9 else 404
        path = hex64(self.rng).decode()
        said = {"http_method": "GET", "http_status": status, "http_bytes": 9_000, "http_path": f"/l/{path}"}
        self._act(at_ms, "http_request", client, None, json_members(said))

    def moments(self, count: int, length_ms: float) -> list[float]:
        """``count`` times in order: the first at 0, the last at ``length_ms``."""
        return [0.0, *sorted(self.rng.random() * length_ms for _ in range(count - 2)), length_ms][:count]

    def _act(
        self,
        at_ms: float,
        name: ActName,
        client: Client,
        user_id: bytes | None,
        attributes: bytes,
        *,
        is_innocent: bool = False,
        email_domain: str | None = None,
    ) -> None:
        members = [attributes, client.security]
        if user_id is not None:
            domain = email_domain or security_attributes.email_domain(user_id)
            members.append(b'"email_domain":"%b"' % domain.encode())
        joined = b",".join(member for member in members if member)
        self.acts.append(Act(int(at_ms), name, client, user_id, joined, is_innocent))
