"""A store of opt-outs and its mirror, one look at a time, on a real Redis."""

from collections.abc import Iterator
from typing import cast

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.opt_outs.former import SET, FormerSet
from common.opt_outs.mirror import IncompleteError, Mirror
from common.opt_outs.redis_client import Client, connect
from common.opt_outs.store import CHANGES, STORE, NotInitialisedError, OptOutStore


class Watcher:
    """A mirror that looks when it is told to, and the losses that it rang for."""

    def __init__(self, client: Client) -> None:
        self.rang = 0
        self._store, self._former = OptOutStore(client), FormerSet(client)
        self.mirror = Mirror(self._ring)

    def look(self) -> set[str]:
        self.mirror.look(self._store, self._former)
        return self.mirror.subjects

    def lacks(self) -> bool:
        return self.mirror.lacks

    def _ring(self) -> None:
        self.rang += 1


@pytest.fixture
def raw(redis_url: str, client: "redis.Redis") -> Iterator[Client]:
    assert client.dbsize() == 1, "the store alone"
    connected = connect(redis_url)
    yield connected
    connected.close()


@pytest.fixture
def store(raw: Client) -> OptOutStore:
    return OptOutStore(raw)


@pytest.fixture
def watcher(raw: Client) -> Watcher:
    return Watcher(raw)


def _dumped(raw: Client) -> dict[bytes, bytes]:
    return {name: raw.execute_command("DUMP", name) for name in raw.execute_command("KEYS", "*")}


def _set_back(raw: Client, old: dict[bytes, bytes]) -> None:
    raw.execute_command("FLUSHALL")
    for name, dump in old.items():
        raw.execute_command("RESTORE", name, 0, dump)


def test_increments_are_followed_in_their_order(store: OptOutStore, watcher: Watcher) -> None:
    store.opt_out(["u1", "u2"])
    assert watcher.look() == {"u1", "u2"}
    store.opt_in(["u1"])
    store.opt_out(["u3", "u2"])
    assert watcher.look() == {"u2", "u3"}
    store.opt_out(["u1"])
    store.opt_in(["u1"])
    store.opt_out(["u1"])
    assert watcher.look() == {"u1", "u2", "u3"}
    assert watcher.rang == 0


def test_a_look_reads_only_what_changed(store: OptOutStore, watcher: Watcher, client: "redis.Redis") -> None:
    store.opt_out(f"u{number}" for number in range(25_000))
    assert len(watcher.look()) == 25_000
    client.config_resetstat()
    store.opt_out(["late"])
    assert "late" in watcher.look()
    watcher.look()
    statistics = cast("dict[str, dict[str, int]]", client.info("commandstats"))
    assert statistics["cmdstat_zrangebyscore"]["calls"] == 1
    assert "cmdstat_zscan" not in statistics


def test_a_flushed_store_gets_back_what_is_known(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1", "u2"])
    store.opt_in(["u2"])
    watcher.look()
    client.flushall()
    assert watcher.look() == {"u1"}
    assert watcher.rang == 1
    assert not watcher.lacks()
    assert Watcher(raw).look() == {"u1"}, "a task that starts now knows it, too"
    store.opt_in(["u1"])
    assert watcher.look() == set(), "a deliberate withdrawal still counts"
    assert watcher.rang == 1


def test_another_store_in_its_place_is_added_to_what_is_known(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1"])
    watcher.look()
    client.flushall()
    store.init()
    store.opt_out(["u9"])
    assert watcher.look() == {"u1", "u9"}
    assert watcher.rang == 1
    assert Watcher(raw).look() == {"u1", "u9"}


def test_a_store_that_is_set_back_and_written_to_again_hides_nothing(
    store: OptOutStore, watcher: Watcher, raw: Client
) -> None:
    """As many changes as are known, but others: the number alone would say that nothing is new."""
    store.opt_out(["u1"])
    old = _dumped(raw)
    store.opt_out(["u2"])
    store.opt_out(["u3"])
    assert watcher.look() == {"u1", "u2", "u3"}
    _set_back(raw, old)
    store.opt_out(["v2"])
    store.opt_out(["v3"])
    assert watcher.look() == {"u1", "u2", "u3", "v2", "v3"}
    assert watcher.rang == 1


def test_an_older_state_in_which_somebody_was_in_takes_nobody_out(
    store: OptOutStore, watcher: Watcher, raw: Client
) -> None:
    store.opt_out(["u1"])
    store.opt_in(["u1"])
    old = _dumped(raw)
    store.opt_out(["u1"])
    watcher.look()
    _set_back(raw, old)
    assert watcher.look() == {"u1"}
    assert store.held(["u1"]) == 1


def test_half_of_the_members_gone_is_seen_and_mended(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis", raw: Client
) -> None:
    everybody = {f"u{number}" for number in range(1_000)}
    store.opt_out(everybody)
    watcher.look()
    client.zremrangebyrank(CHANGES, 0, 499)
    with pytest.raises(IncompleteError):
        Watcher(raw).look()
    assert watcher.look() == everybody
    assert watcher.rang == 1
    assert Watcher(raw).look() == everybody
    assert watcher.look() == everybody
    assert watcher.rang == 1, "once it is whole again nothing rings"


def test_the_lost_key_of_changes_alone_is_seen(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1"])
    watcher.look()
    client.delete(CHANGES)
    with pytest.raises(IncompleteError):
        Watcher(raw).look()
    assert watcher.look() == {"u1"}
    assert Watcher(raw).look() == {"u1"}


def test_no_task_starts_with_what_is_given_back_by_halves(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis", raw: Client
) -> None:
    everybody = {f"u{number}" for number in range(25_000)}
    store.opt_out(everybody)
    watcher.look()
    client.flushall()
    watcher.look()
    assert 0 < store.look().entries < len(everybody)
    with pytest.raises(IncompleteError):
        Watcher(raw).look()
    store.opt_in(["u0"])
    store.opt_out(["new"])
    assert watcher.look() == everybody - {"u0"} | {"new"}, "what is new is seen meanwhile"
    while watcher.lacks():
        watcher.look()
    assert Watcher(raw).look() == everybody - {"u0"} | {"new"}
    assert watcher.rang == 1


def test_without_a_store_nothing_is_known(raw: Client, client: "redis.Redis") -> None:
    client.flushall()
    with pytest.raises(NotInitialisedError):
        Watcher(raw).look()
    with pytest.raises(NotInitialisedError):
        OptOutStore(raw).opt_out(["u1"])
    assert client.dbsize() == 0, "the first opt-out does not make a store: it would look like all there are"


def test_a_store_that_lost_its_head_is_initialised_with_what_is_left(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1", "u2"])
    watcher.look()
    client.delete(STORE)
    assert watcher.look() == {"u1", "u2"}
    store.opt_out(["u3"])
    assert watcher.look() == {"u1", "u2", "u3"}
    assert Watcher(raw).look() == {"u1", "u2", "u3"}


@pytest.mark.parametrize("bad", [b"+\xff\xfe", b"+", b"", b"\x00u7", b"+" + b"u" * 129, b"-\xff"])
@pytest.mark.parametrize("score", [0, 1, 1_000_000])
def test_a_bad_member_is_skipped_and_counted(
    store: OptOutStore, watcher: Watcher, raw: Client, bad: bytes, score: int
) -> None:
    store.opt_out(["u1"])
    watcher.look()
    raw.execute_command("ZADD", CHANGES, score, bad)
    store.opt_out(["u2"])
    assert watcher.look() == {"u1", "u2"}
    assert watcher.mirror.skipped == 1
    store.opt_out(["u3"])
    assert watcher.look() == {"u1", "u2", "u3"}
    fresh = Watcher(raw)
    assert fresh.look() == {"u1", "u2", "u3"}
    assert fresh.mirror.skipped == 1
    assert watcher.rang == 0


def test_the_former_set_still_counts(store: OptOutStore, watcher: Watcher, raw: Client, client: "redis.Redis") -> None:
    client.sadd(SET, "old-1")
    store.opt_out(["u1"])
    assert watcher.look() == {"old-1", "u1"}
    client.sadd(SET, "old-2")
    raw.execute_command("SADD", SET, b"\xff")
    assert watcher.look() == {"old-1", "old-2", "u1"}
    assert watcher.mirror.skipped == 1
    client.delete(SET)
    assert watcher.look() == {"old-1", "old-2", "u1"}, "to vanish is no withdrawal"
    store.opt_in(["old-1"])
    assert watcher.look() == {"old-2", "u1"}


def test_a_store_that_takes_nothing_back_leaves_everybody_in_force(
    store: OptOutStore, watcher: Watcher, client: "redis.Redis"
) -> None:
    store.opt_out(["u1"])
    watcher.look()
    client.flushall()
    client.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(redis.ResponseError):
            watcher.look()
        assert watcher.mirror.subjects == {"u1"}
        assert watcher.lacks()
    finally:
        client.replicaof("NO", "ONE")
    assert watcher.look() == {"u1"}
    assert not watcher.lacks()
    assert store.held(["u1"]) == 1


def test_a_full_server_refuses_a_batch_whole(store: OptOutStore, watcher: Watcher, client: "redis.Redis") -> None:
    store.opt_out(["u1"])
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.ResponseError, match="OOM"):
            store.opt_in(["u1", "u2"])
    finally:
        client.config_set("maxmemory", 0)
    assert watcher.look() == {"u1"}
    assert store.look().is_whole


STEPS = st.lists(
    st.tuples(st.sampled_from(["out", "in", "look", "flush", "shrink", "replace"]), st.sampled_from("abcdef")),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_nobody_leaves_the_mirror_but_by_a_withdrawal(
    steps: list[tuple[str, str]], raw: Client, client: "redis.Redis"
) -> None:
    """Who is known to a mirror, and has not opted in since, is in it after every look."""
    client.flushall()
    store = OptOutStore(raw)
    store.init()
    watcher = Watcher(raw)
    watcher.look()
    must: set[str] = set()
    unseen: set[str] = set()
    for step, subject in steps:
        if step == "out":
            unseen.add(subject)
        if step in ("out", "in"):
            try:
                (store.opt_out if step == "out" else store.opt_in)([subject])
            except NotInitialisedError:
                unseen.discard(subject)
                continue
            if step == "in":
                must.discard(subject)
                unseen.discard(subject)
        elif step == "look":
            assert must <= watcher.look()
            must |= unseen
            assert must <= watcher.mirror.subjects
            unseen = set()
        else:
            unseen = set()
            if step == "flush":
                client.flushall()
            elif step == "shrink":
                client.zremrangebyrank(CHANGES, 0, 0)
            else:
                client.flushall()
                store.init()
    assert must <= watcher.look()
    watcher.look()
    assert must <= Watcher(raw).look(), "and the store has them all again"
