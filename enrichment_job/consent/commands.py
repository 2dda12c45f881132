"""The actions of the command line on the stores of opt-outs and subject keys. Each reads back what it wrote, so its
message says what the store holds afterwards.
"""

from pathlib import Path
from typing import cast

import redis

from common.opt_outs.former import FormerSet
from common.opt_outs.redis_client import Client, connect
from common.opt_outs.store import OptOutStore
from common.opt_outs.subject_ids import subject_of
from enrichment_job.consent.subject_erasure import destroy, destroyed


class NotHeldError(Exception):
    """The store does not hold what was written to it. Running the action again may help."""


def suppress(client: Client, ids: tuple[str, ...]) -> str:
    store = OptOutStore(client)
    added = store.opt_out(ids)
    _check(store.held(ids), len(ids), "opted out")
    return f"{added} opted out, {len(ids) - added} already were; the store holds all {len(ids)}"


def withdraw(client: Client, ids: tuple[str, ...]) -> str:
    store, former = OptOutStore(client), FormerSet(client)
    store.look()  # raises where there is no store, before anything changes
    held = store.held(ids)
    was_former = former.remove(ids)
    store.opt_in(ids)
    _check(len(ids) - store.held(ids), len(ids), "withdrawn")
    note = f" ({was_former} of the former set)" if was_former else ""
    return f"{held} opted in again{note}, {len(ids) - held} had not opted out; the store holds none of the {len(ids)}"


def erase(client: Client, ids: tuple[str, ...]) -> str:
    known = cast("redis.Redis", client)
    done = destroy(known, *ids)
    _check(destroyed(known, *ids), len(ids), "erased")
    return f"{done} erased, {len(ids) - done} already were; the store holds the marks of all {len(ids)}"


def restore(client: Client, ids: tuple[str, ...]) -> str:
    """Give a lost store its entries back. The list is then all that is known, so an empty Redis and a store that lacks
    entries are accepted as well.
    """
    store = OptOutStore(client)
    store.init(len(ids))
    added = store.opt_out(ids)
    _check(store.held(ids), len(ids), "opted out")
    store.recount(store.look().now.seq)
    return f"{added} restored, {len(ids) - added} were there; the store holds {store.look().entries} entries"


def init(client: Client, *, import_from: str, remember: Path | None) -> str:
    """Make a new store with the members of the former set, unless there is one.

    :param remember: a file that records that a store was made. Where it exists, a missing store is a loss, and no new
        one is made.
    """
    store = OptOutStore(client)
    if remember is not None and remember.exists():
        store.look()
        return "there is a store already"
    sources = [client, connect(import_from)] if import_from else [client]
    former = {subject for each in sources for member in FormerSet(each).members() if (subject := subject_of(member))}
    made = store.init(len(former))
    if made:
        store.opt_out(former)
        _check(store.held(former), len(former), "imported")
        store.recount(store.look().now.seq)
    if remember is not None:
        remember.write_text("There is a store of opt-outs: if it is empty, it was lost.\n")
    return f"a new store, with {len(former)} of the former set" if made else "there is a store already"


def count(client: Client) -> str:
    store = OptOutStore(client)
    look = store.look()
    out = sum(entry[:1] == b"+" for entry in store.entries())
    lost = max(0, look.total - look.entries)
    return f"{out} opted out, {look.entries - out} others (opted in again, or no ids), {lost} lost"


def _check(held: int, of: int, what: str) -> None:
    if held != of:
        raise NotHeldError(f"the store holds {held} of {of} as {what}: run it again")
