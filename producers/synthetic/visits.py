"""One visit: who, from where, with which device; its constant parts are rendered when it starts."""

from dataclasses import dataclass
from random import Random

from producers.synthetic import bots
from producers.synthetic.devices import SITE_RELEASES, Device, inside
from producers.synthetic.identifiers import hex64, uuid4, uuid_head
from producers.synthetic.journey import BOT, PERSON, Action, Journey
from producers.synthetic.listings import Listing
from producers.synthetic.marketplace import Marketplace, Person

SITE = b"https://www.market.example"
BOT_SHARE = 0.02
"""Of the visits; a bot's visit is some five times longer than a person's."""
APPLICATION_SHARE = 0.6
"""Of the visits of those who have the application."""
MOBILE_SHARE = 0.4
SIGNED_IN_SHARE = 0.6

_ENTRANCES = (
    (b"", b""),
    (b"", b""),
    (b"https://www.google.com/", b""),
    (b"https://www.bing.com/", b""),
    (b"https://www.google.com/", b"?utm_source=google&utm_medium=cpc&utm_campaign=brand_%b&gclid=%b"),
    (b"https://l.facebook.com/", b"?utm_source=facebook&utm_medium=paid_social&utm_campaign=spring_%b&fbclid=%b"),
    (b"", b"?utm_source=newsletter&utm_medium=email&utm_campaign=weekly_%b&utm_content=%b"),
)
_CLIENT = b'"platform":"%b","actor":%b,"context":{%b'
_TRACKED = inside({"app_id": "market-web", "app_version": SITE_RELEASES[-1]})
_UNTRACKED = inside({"app_id": "market-edge", "app_version": SITE_RELEASES[-1]})
_MARKETS = (b"at", b"de", b"ch", b"fr", b"es")


@dataclass(slots=True, kw_only=True)
class Visit:
    """A visit under way. Actors are JSON objects, ``context`` is the inside of one."""

    platform: bytes
    actor: bytes
    known_actor: bytes
    """The actor with the account, whether signed in or not: our servers know it."""
    context: bytes
    journey: Journey
    event_head: bytes
    """What the ids of its events begin with."""
    clock_ms: int = 0
    buffered: float = 0.0
    signed_in: bool = False
    action: Action | None = None
    listing: Listing | None = None
    order_id: bytes = b""
    referrer: bytes = b""
    landing: bytes = b""
    """Query string of the first page."""
    experiment: bytes = b""
    sequence: int = 0
    client: bytes = b""
    """Platform, actor and the start of the context as JSON: one piece, since all its own events have it."""

    def __post_init__(self) -> None:
        self.client = _CLIENT % (self.platform, self.actor, self.context)

    def sign_in(self) -> None:
        """From now on its events carry the account."""
        if not self.signed_in:
            self.signed_in = True
            self.client = _CLIENT % (self.platform, self.known_actor, self.context)


def _of_person(person: Person, device: Device, rng: Random) -> Visit:
    address = person.mobile if person.mobile and rng.random() < MOBILE_SHARE else person.home
    session_id = uuid4(rng)
    seen = b'"domain_userid":"%b","domain_sessionid":"%b","user_ipaddress":"%b","useragent":"%b"}' % (
        device.domain_userid,
        session_id,
        address,
        device.useragent,
    )
    session = Visit(
        platform=device.platform,
        actor=b"{" + seen,
        known_actor=b'{"user_id":"%b",%b' % (person.user_id, seen),
        context=device.context,
        journey=PERSON,
        event_head=uuid_head(rng),
        clock_ms=device.clock_ms,
        buffered=device.buffered,
    )
    if rng.random() < SIGNED_IN_SHARE:
        session.sign_in()
    if device.platform == b"web":
        session.referrer, landing = _ENTRANCES[int(rng.random() * len(_ENTRANCES))]
        session.landing = landing and landing % (_MARKETS[int(rng.random() * len(_MARKETS))], hex64(rng))
    session.experiment = b',"experiment":{"id":"exp-%04d","variant":"%c"}' % (
        400 + int(rng.random() * 12),
        65 + int(rng.random() * 2),
    )
    return session


def _of_bot(rng: Random) -> Visit:
    which = bots.bot(rng)
    actor = bots.actor(which, rng)
    return Visit(
        platform=b"web" if which.runs_scripts else b"srv",
        actor=actor,
        known_actor=actor,
        context=_TRACKED if which.runs_scripts else _UNTRACKED,
        journey=BOT,
        event_head=uuid_head(rng),
    )


def start_session(world: Marketplace, rng: Random) -> Visit:
    """The next visit to begin."""
    if rng.random() < BOT_SHARE:
        return _of_bot(rng)
    person = world.person(rng)
    device = person.application if person.application and rng.random() < APPLICATION_SHARE else person.browser
    return _of_person(person, device, rng)
