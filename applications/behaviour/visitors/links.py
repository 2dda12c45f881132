"""Which browser an account's events belong to. Pure.

A browser's state tells the account of it with the first event that has both, and again while that goes on. An event of
the account without a browser then belongs to the browser that was seen last within the idle time around it.
"""

from collections.abc import Sequence

from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.visitors.messages import Linked
from applications.behaviour.visitors.state import LinkState, VisitorState

MOST_LINKS = 20
"""Browsers of an account, and accounts of a browser, that are kept."""
MOST_SENT = 200
"""Events of an account of which is known to which browser they went. A repetition comes within that many."""


class Links:
    """Times in ms."""

    def __init__(self, idle_ms: int, lateness_ms: int) -> None:
        self._idle_ms = idle_ms
        self._lateness_ms = lateness_ms
        self.repeat_ms = idle_ms // 2
        """How often an account is told again."""

    def must_tell(self, told: dict[str, int], account: str, tstamp: int) -> bool:
        """Whether a browser must tell the account of an event with both. Notes it.

        An event before the one that was told of last is always told: else the account would not learn how early its
        browser was there.
        """
        before = told.get(account)
        if before is not None and before <= tstamp < before + self.repeat_ms:
            return False
        told.pop(account, None)
        told[account] = tstamp
        if len(told) > MOST_LINKS:
            del told[next(iter(told))]
        return True

    def learn(self, links: list[LinkState], linked: Linked) -> tuple[LinkState, bool]:
        """Note what an account was told. Returns the link, and whether the browser is new to the account."""
        known = [link for link in links if link.browser == linked.browser]
        for link in known:
            if link.first - self._reach <= linked.tstamp <= link.last + self._reach:
                link.first, link.last = min(link.first, linked.tstamp), max(link.last, linked.tstamp)
                link.since = min(link.since, linked.since)
                link.session_id = linked.session_id
                return link, False
        since, first = (
            min([linked.since, *(each.since for each in known)]),
            min([linked.tstamp, *(each.linked for each in known)]),
        )
        link = LinkState(linked.browser, linked.session_id, since, first, linked.tstamp, linked.tstamp)
        links.append(link)
        links.sort(key=lambda each: each.last)
        del links[:-MOST_LINKS]
        return link, not known

    def due(self, links: Sequence[LinkState]) -> int:
        """When a link can be forgotten; 0: there is none."""
        return min(link.last for link in links) + self._reach + self._lateness_ms + 1 if links else 0

    def drop_old(self, state: VisitorState, before: int) -> None:
        """Forget the links in which no event at or behind ``before`` can be."""
        state.links = [link for link in state.links if link.last + self._reach >= before]
        state.told = {account: tstamp for account, tstamp in state.told.items() if tstamp + self._reach >= before}

    def forget(self, state: VisitorState, browser: str) -> bool:
        """Whether there was such a link."""
        state.sent = {event: to for event, to in state.sent.items() if to != browser}
        links = state.links
        others = [link for link in links if link.browser != browser]
        was_there = len(others) < len(links)
        links[:] = others
        return was_there

    def covers(self, link: LinkState, tstamp: int) -> bool:
        first, last = self.reach_of(link)
        return first <= tstamp <= last

    def reach_of(self, link: LinkState) -> tuple[int, int]:
        """From when to when the account's events are the browser's."""
        return link.first - self._idle_ms, link.last + self._reach

    def browser_of(self, state: VisitorState, event: LoggedEvent) -> str | None:
        """To which browser an account's event goes; None: it stays with the account. Notes it."""
        browser = state.sent.get(event.id)
        if browser is None and (link := self.browser_at(state.links, event.tstamp)) is not None:
            browser = link.browser
            self.note_sent(state, event, browser)
        return browser

    def note_sent(self, state: VisitorState, event: LoggedEvent, browser: str) -> None:
        state.sent[event.id] = browser
        if len(state.sent) > MOST_SENT:
            del state.sent[next(iter(state.sent))]

    def browser_at(self, links: Sequence[LinkState], tstamp: int) -> LinkState | None:
        """The browser that was seen last among those that had the account around that time."""
        return max((link for link in links if self.covers(link, tstamp)), key=lambda link: link.last, default=None)

    @property
    def _reach(self) -> int:
        """The last link is so old at most, and the idle time goes on from the event behind it."""
        return self._idle_ms + self.repeat_ms
