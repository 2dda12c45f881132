"""One visit: person, address and device. The parts that its events share are rendered when it starts."""

from dataclasses import dataclass
from random import Random

from producers.synthetic import bots
from producers.synthetic.devices import SITE_RELEASES, Device
from producers.synthetic.identifiers import hex64, uuid4, uuid_prefix
from producers.synthetic.journey import BOT, NOT_PLEASED, Action, Journey
from producers.synthetic.json_text import json_members
from producers.synthetic.listings import Listing
from producers.synthetic.marketplace import Marketplace, Person
from producers.synthetic.tastes import Interest, Taste, next_interest

SITE = b"https://www.market.example"
BOT_SHARE = 0.02
"""Share of all visits; a bot's visit is about five times as long as a person's."""
APPLICATION_SHARE = 0.6
"""Share of the application in the visits of people who have it."""
MOBILE_SHARE = 0.4
SIGNED_IN_SHARE = 0.6

_REFERRERS_AND_QUERIES = (
    (b"", b""),
    (b"", b""),
    (b"https://www.google.com/", b""),
    (b"https://www.bing.com/", b""),
    (b"https://www.google.com/", b"?utm_source=google&utm_medium=cpc&utm_campaign=brand_%b&gclid=%b"),
    (b"https://l.facebook.com/", b"?utm_source=facebook&utm_medium=paid_social&utm_campaign=spring_%b&fbclid=%b"),
    (b"", b"?utm_source=newsletter&utm_medium=email&utm_campaign=weekly_%b&utm_content=%b"),
)
_CLIENT = b'"platform":"%b","actor":%b,"context":{%b'
_TRACKED = json_members({"app_id": "market-web", "app_version": SITE_RELEASES[-1]})
UNTRACKED = json_members({"app_id": "market-edge", "app_version": SITE_RELEASES[-1]})
_MARKETS = (b"at", b"de", b"ch", b"fr", b"es")


@dataclass(slots=True, kw_only=True)
class Visit:
    """A visit in progress. Actors are JSON objects, ``context`` has the members of one."""

    platform: bytes
    actor: bytes
    signed_in_actor: bytes
    """The actor with the account. Server events use it even before sign-in, because the servers know the account."""
    account_actor: bytes
    """The account without the browser: all that many back ends know."""
    context: bytes
    journey: Journey
    event_id_prefix: bytes
    """The first characters of its events' ids."""
    clock_ms: int = 0
    buffered_share: float = 0.0
    signed_in: bool = False
    action: Action | None = None
    listing: Listing | None = None
    order_id: bytes = b""
    referrer: bytes = b""
    landing_query: bytes = b""
    """Query string of the first page's URL."""
    experiment: bytes = b""
    sequence: int = 0
    user_id: bytes | None = None
    domain_userid: bytes | None = None
    domain_sessionid: bytes | None = None
    refuses: bool = False
    """Whether its client events say that the person does not consent."""
    waited_ms: int = 0
    """Time on the device, of the latest client event."""
    account_only: bool = False
    """Whether the latest server event has :attr:`account_actor`."""
    client: bytes = b""
    """Platform, actor and the start of the context as JSON, in one piece because all its client events share them."""
    taste: Taste | None = None
    """None for a bot."""
    interest: Interest | None = None
    """What the person looks for now."""
    security: bytes = b""
    """Members of ``attributes`` that its account events have; a bot has none of those events."""

    def __post_init__(self) -> None:
        self.client = _CLIENT % (self.platform, self.actor, self.context)

    def sign_in(self) -> None:
        """All later client events have the account."""
        if not self.signed_in:
            self.signed_in = True
            self.client = _CLIENT % (self.platform, self.signed_in_actor, self.context)


def _of_person(person: Person, device: Device, marketplace: Marketplace, rng: Random) -> Visit:
    address = person.mobile if person.mobile and rng.random() < MOBILE_SHARE else person.home
    session_id = uuid4(rng)
    client = b'"user_ipaddress":"%b","useragent":"%b"}' % (address, device.useragent)
    identifiers = b'"domain_userid":"%b","domain_sessionid":"%b",%b' % (device.domain_userid, session_id, client)
    visit = Visit(
        platform=device.platform,
        actor=b"{" + identifiers,
        signed_in_actor=b'{"user_id":"%b",%b' % (person.user_id, identifiers),
        account_actor=b'{"user_id":"%b",%b' % (person.user_id, client),
        context=device.context,
        journey=NOT_PLEASED,
        event_id_prefix=uuid_prefix(rng),
        clock_ms=device.clock_ms,
        buffered_share=device.buffered_share,
        user_id=person.user_id,
        domain_userid=device.domain_userid,
        domain_sessionid=session_id,
        refuses=device.refuses,
        taste=person.taste,
        interest=next_interest(person.taste, marketplace.interests, rng),
        security=b'%b,"email_domain":"%b"' % (device.security, person.email_domain),
    )
    if rng.random() < SIGNED_IN_SHARE:
        visit.sign_in()
    if device.platform == b"web":
        visit.referrer, query = _REFERRERS_AND_QUERIES[int(rng.random() * len(_REFERRERS_AND_QUERIES))]
        visit.landing_query = query and query % (_MARKETS[int(rng.random() * len(_MARKETS))], hex64(rng))
    visit.experiment = b',"experiment":{"id":"exp-%04d","variant":"%c"}' % (
        400 + int(rng.random() * 12),
        65 + int(rng.random() * 2),
    )
    return visit


def _of_bot(rng: Random) -> Visit:
    bot = bots.random_bot(rng)
    actor = bots.actor(bot, rng)
    return Visit(
        platform=b"web" if bot.runs_scripts else b"srv",
        actor=actor.json,
        signed_in_actor=actor.json,
        account_actor=actor.json,
        context=_TRACKED if bot.runs_scripts else UNTRACKED,
        journey=BOT,
        event_id_prefix=uuid_prefix(rng),
        domain_userid=actor.domain_userid,
        domain_sessionid=actor.domain_sessionid,
    )


def start_visit(marketplace: Marketplace, rng: Random) -> Visit:
    """A new visit of a random bot or person."""
    if rng.random() < BOT_SHARE:
        return _of_bot(rng)
    person = marketplace.person(rng)
    device = person.application if person.application and rng.random() < APPLICATION_SHARE else person.browser
    return _of_person(person, device, marketplace, rng)
