"""The mirror follows a store of opt-outs, refresh by refresh, on a real Redis."""

from typing import cast

import pytest
import redis

from common.opt_outs.former import SET
from common.opt_outs.redis_client import Client
from common.opt_outs.store import CHANGES, NotInitialisedError, OptOutStore
from tests.common.opt_outs.recording_mirror import RecordingMirror


def test_changes_are_applied_in_their_order(store: OptOutStore, mirror: RecordingMirror) -> None:
    store.opt_out(["u1", "u2"])
    assert mirror.refresh() == {"u1", "u2"}
    store.opt_in(["u1"])
    store.opt_out(["u3", "u2"])
    assert mirror.refresh() == {"u2", "u3"}
    store.opt_out(["u1"])
    store.opt_in(["u1"])
    store.opt_out(["u1"])
    assert mirror.refresh() == {"u1", "u2", "u3"}
    assert mirror.losses == 0


def test_a_refresh_reads_only_the_changes(store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis") -> None:
    store.opt_out(f"u{number}" for number in range(25_000))
    assert len(mirror.refresh()) == 25_000
    client.config_resetstat()
    store.opt_out(["late"])
    assert "late" in mirror.refresh()
    mirror.refresh()
    statistics = cast("dict[str, dict[str, int]]", client.info("commandstats"))
    assert statistics["cmdstat_zrangebyscore"]["calls"] == 1
    assert "cmdstat_zscan" not in statistics


@pytest.mark.parametrize("bad", [b"+\xff\xfe", b"+", b"", b"\x00u7", b"+" + b"u" * 129, b"-\xff"])
@pytest.mark.parametrize("score", [0, 1, 1_000_000])
def test_an_invalid_member_is_skipped_and_counted(
    store: OptOutStore, mirror: RecordingMirror, raw: Client, bad: bytes, score: int
) -> None:
    store.opt_out(["u1"])
    mirror.refresh()
    raw.execute_command("ZADD", CHANGES, score, bad)
    store.opt_out(["u2"])
    assert mirror.refresh() == {"u1", "u2"}
    assert mirror.skipped == 1
    store.opt_out(["u3"])
    assert mirror.refresh() == {"u1", "u2", "u3"}
    fresh = RecordingMirror(raw)
    assert fresh.refresh() == {"u1", "u2", "u3"}
    assert fresh.skipped == 1
    assert mirror.losses == 0


def test_the_former_set_still_counts(
    store: OptOutStore, mirror: RecordingMirror, raw: Client, client: "redis.Redis"
) -> None:
    client.sadd(SET, "old-1")
    store.opt_out(["u1"])
    assert mirror.refresh() == {"old-1", "u1"}
    client.sadd(SET, "old-2")
    raw.execute_command("SADD", SET, b"\xff")
    assert mirror.refresh() == {"old-1", "old-2", "u1"}
    assert mirror.skipped == 1
    client.delete(SET)
    assert mirror.refresh() == {"old-1", "old-2", "u1"}, "a member that disappears stays opted out"
    store.opt_in(["old-1"])
    assert mirror.refresh() == {"old-2", "u1"}


def test_a_full_server_refuses_the_whole_batch(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis"
) -> None:
    store.opt_out(["u1"])
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.ResponseError, match="OOM"):
            store.opt_in(["u1", "u2"])
    finally:
        client.config_set("maxmemory", 0)
    assert mirror.refresh() == {"u1"}
    assert store.look().is_complete


def test_without_a_store_refresh_and_opt_out_fail(raw: Client, client: "redis.Redis") -> None:
    client.flushall()
    with pytest.raises(NotInitialisedError):
        RecordingMirror(raw).refresh()
    with pytest.raises(NotInitialisedError):
        OptOutStore(raw).opt_out(["u1"])
    assert client.dbsize() == 0, "an opt-out must not create a store, which would look like a complete one"
