"""The record of an account's browsers."""

from applications.behaviour.visitors.state import VisitorState
from contracts.sessions.identities import SCHEMA, Identity, LinkedBrowser


def identity(account: str, state: VisitorState, tstamp: int) -> Identity:
    """The next record. The older id wins; at the same time, the account.

    :param tstamp: of what the record is about, ms since 1970 UTC. The version is no less, so that it goes on rising
        where the account's state was forgotten in between.
    """
    state.identity_version = max(state.identity_version + 1, tstamp)
    browsers: dict[str, LinkedBrowser] = {}
    for link in state.links:
        known = browsers.get(link.browser)
        browsers[link.browser] = LinkedBrowser(
            domain_userid=link.browser,
            since_tstamp=link.since if known is None else min(known.since_tstamp, link.since),
            linked_tstamp=link.linked if known is None else min(known.linked_tstamp, link.linked),
        )
    found = sorted(browsers.values(), key=lambda each: (each.since_tstamp, each.domain_userid))
    is_account = not found or state.first_seen <= found[0].since_tstamp
    return Identity(
        schema=SCHEMA,
        user_id=account,
        version=state.identity_version,
        canonical_id=account if is_account else found[0].domain_userid,
        canonical_kind="account" if is_account else "browser",
        browsers=found,
    )
