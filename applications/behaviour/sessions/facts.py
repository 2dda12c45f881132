"""What is known of a session: the fold of its events, in their order."""

import msgspec

from applications.behaviour.events.logged_event import LoggedEvent

PAGE_VIEWS = frozenset({"page_view", "listing_view"})
SEARCH, CART, ORDER = "search", "add_to_cart", "order"
KEY_EVENTS = frozenset({"order", "sign_up", "listing_create"})
"""What the marketplace lives by. GA4 calls them key events."""
ENGAGED_MS = 10_000
_COUNTED = frozenset({SEARCH, CART, ORDER})
_MOST_NAMES = 50
_MOST_IDS = 10


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

    def add(self, event: LoggedEvent) -> None:
        """Add an event that is behind all others of the session in the order of (time, id)."""
        self.end, self.end_id = event.tstamp, event.id
        self.events += 1
        name = event.name
        counts = self.counts
        if name not in counts and len(counts) >= _MOST_NAMES and name not in _COUNTED:
            name = "other"
        counts[name] = counts.get(name, 0) + 1
        if event.name in PAGE_VIEWS:
            self.page_views += 1
        if event.name in KEY_EVENTS:
            self.key_events += 1
        if event.amount and name == ORDER:
            currency = event.currency or ""
            self.values[currency] = self.values.get(currency, 0) + event.amount
        if event.page is not None:
            self.exit_page = event.page
            if self.entry_page is None:
                self.entry_page = event.page
        if event.user is not None and event.user not in self.users and len(self.users) < _MOST_IDS:
            self.users.append(event.user)
        client = event.client_session
        if client is not None and client not in self.client_sessions and len(self.client_sessions) < _MOST_IDS:
            self.client_sessions.append(client)
        self._add_origin(event)

    def _add_origin(self, event: LoggedEvent) -> None:
        """Where the visitor comes from is what the earliest event that knows it says."""
        if self.country is None and event.country is not None:
            self.country, self.region = event.country, event.region
        if self.device is None:
            self.device = event.device
        if event.is_bot:
            self.is_bot = True
        if self.medium is None and self.campaign is None and self.source is None:
            self.source, self.medium, self.campaign = event.source, event.medium, event.campaign
        if self.referrer_medium is None and event.referrer_medium != "internal":
            self.referrer_medium = event.referrer_medium

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
