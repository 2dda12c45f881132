"""What is known of a session: the fold of its events, in their order."""

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent

PAGE_VIEWS = frozenset({"page_view", "listing_view"})
SEARCH, CART, ORDER = "search", "add_to_cart", "order"
KEY_EVENTS = frozenset({"order", "sign_up", "listing_create"})
"""What the marketplace lives by. GA4 calls them key events."""
ENGAGED_MS = 10_000
_COUNTED = frozenset({SEARCH, CART, ORDER})
MOST_NAMES = 50
MOST_IDS = 10


class Facts(msgspec.Struct, array_like=True, gc=False):
    """Packed as a list. New fields come last and have defaults."""

    session_id: str
    start: int
    """Time of the first event, ms since 1970 UTC."""
    start_id: int
    end: int
    end_id: int
    events: int = 0
    page_views: int = 0
    key_events: int = 0
    counts: dict[str, int] = {}
    values: dict[str, int] = {}
    """Currency → value of the orders, in thousandths; the first order's currency is first."""
    entry_page: str | None = None
    exit_page: str | None = None
    country: str | None = None
    region: str | None = None
    device: str | None = None
    referrer_medium: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    is_bot: bool = False
    users: list[str] = []
    client_sessions: list[str] = []
    settled: int = -1
    """Time of the last event that told something of which the first one counts: a page, a place, an account."""
    exit_at: int = -1
    """Time of the event with the exit page."""

    def add(self, event: LoggedEvent) -> None:
        """Add an event that is behind all others of the session in the order of (time, id)."""
        self.end, self.end_id = event.tstamp, event.id
        self.count(event)
        self.learn(event)

    def count(self, event: LoggedEvent) -> None:
        """What does not depend on the order of the events."""
        self.events += 1
        name, counts = event.name, self.counts
        if name in counts:
            counts[name] += 1
        elif len(counts) < MOST_NAMES or name in _COUNTED:
            counts[name] = 1
        else:
            counts["other"] = counts.get("other", 0) + 1
        if name in PAGE_VIEWS:
            self.page_views += 1
        if name in KEY_EVENTS:
            self.key_events += 1
        if event.is_bot:
            self.is_bot = True

    def learn(self, event: LoggedEvent) -> None:
        """What the earliest event that knows it says, and the exit page."""
        tstamp = event.tstamp
        if event.amount and event.name == ORDER:
            currency = event.currency or ""
            if currency not in self.values:
                self.settled = tstamp
            self.values[currency] = self.values.get(currency, 0) + event.amount
        if event.page is not None:
            if tstamp >= self.exit_at:
                self.exit_page, self.exit_at = event.page, tstamp
            if self.entry_page is None:
                self.entry_page, self.settled = event.page, tstamp
        user, client = event.user, event.client_session
        if user is not None and user not in self.users and len(self.users) < MOST_IDS:
            self.users.append(user)
            self.settled = tstamp
        if client is not None and client not in self.client_sessions and len(self.client_sessions) < MOST_IDS:
            self.client_sessions.append(client)
            self.settled = tstamp
        if self.country is None and event.country is not None:
            self.country, self.region, self.settled = event.country, event.region, tstamp
        if self.device is None and event.device is not None:
            self.device, self.settled = event.device, tstamp
        if event.has_campaign and self.medium is None and self.campaign is None and self.source is None:
            self.source, self.medium, self.campaign = event.source, event.medium, event.campaign
            self.settled = tstamp
        if self.referrer_medium is None and event.referrer_medium not in (None, "internal"):
            self.referrer_medium, self.settled = event.referrer_medium, tstamp

    def go_on(self, later: "Facts") -> None:
        """Add a session all of whose events are behind this one's."""
        self.end, self.end_id = later.end, later.end_id
        self.events += later.events
        self.page_views += later.page_views
        self.key_events += later.key_events
        self.counts = _summed(self.counts, later.counts)
        self.values = _summed(self.values, later.values)
        self.users = list(dict.fromkeys(self.users + later.users))[:MOST_IDS]
        self.client_sessions = list(dict.fromkeys(self.client_sessions + later.client_sessions))[:MOST_IDS]
        self.is_bot = self.is_bot or later.is_bot
        self.settled = max(self.settled, later.settled)
        if later.exit_page is not None:
            self.exit_page, self.exit_at = later.exit_page, later.exit_at
        if self.entry_page is None:
            self.entry_page = later.entry_page
        if self.country is None:
            self.country, self.region = later.country, later.region
        if self.device is None:
            self.device = later.device
        if self.medium is None and self.campaign is None and self.source is None:
            self.source, self.medium, self.campaign = later.source, later.medium, later.campaign
        if self.referrer_medium is None:
            self.referrer_medium = later.referrer_medium

    @property
    def duration_ms(self) -> int:
        return self.end - self.start

    @property
    def is_engaged(self) -> bool:
        """GA4's rule."""
        return self.duration_ms > ENGAGED_MS or self.key_events > 0 or self.page_views >= 2

    @property
    def channel(self) -> str:
        return self.medium or self.referrer_medium or "direct"


def _summed(first: dict[str, int], later: dict[str, int]) -> dict[str, int]:
    """In the order in which the names came."""
    found = dict(first)
    for name, number in later.items():
        found[name] = found.get(name, 0) + number
    return found
