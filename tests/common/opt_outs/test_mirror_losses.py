"""The store loses entries, and the mirror keeps and restores what it knows, on a real Redis."""

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.opt_outs.mirror import IncompleteError
from common.opt_outs.redis_client import Client
from common.opt_outs.store import CHANGES, STORE, NotInitialisedError, OptOutStore
from tests.common.opt_outs.recording_mirror import RecordingMirror


def _dump(raw: Client) -> dict[bytes, bytes]:
    return {name: raw.execute_command("DUMP", name) for name in raw.execute_command("KEYS", "*")}


def _reset(raw: Client, old: dict[bytes, bytes]) -> None:
    raw.execute_command("FLUSHALL")
    for name, dump in old.items():
        raw.execute_command("RESTORE", name, 0, dump)


def test_the_known_opt_outs_are_restored_to_a_flushed_store(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1", "u2"])
    store.opt_in(["u2"])
    mirror.refresh()
    client.flushall()
    assert mirror.refresh() == {"u1"}
    assert mirror.losses == 1
    assert not mirror.store_incomplete()
    assert RecordingMirror(raw).refresh() == {"u1"}, "a task that starts now reads it, too"
    store.opt_in(["u1"])
    assert mirror.refresh() == set(), "a deliberate opt-in still counts"
    assert mirror.losses == 1


def test_the_opt_outs_of_a_replacement_store_are_added(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1"])
    mirror.refresh()
    client.flushall()
    store.init()
    store.opt_out(["u9"])
    assert mirror.refresh() == {"u1", "u9"}
    assert mirror.losses == 1
    assert RecordingMirror(raw).refresh() == {"u1", "u9"}


def test_a_store_reset_to_an_older_state_and_written_to_is_detected(
    store: OptOutStore, mirror: RecordingMirror, raw: Client
) -> None:
    """It has as many changes as the known one, but different ones: their number alone would not show it."""
    store.opt_out(["u1"])
    old = _dump(raw)
    store.opt_out(["u2"])
    store.opt_out(["u3"])
    assert mirror.refresh() == {"u1", "u2", "u3"}
    _reset(raw, old)
    store.opt_out(["v2"])
    store.opt_out(["v3"])
    assert mirror.refresh() == {"u1", "u2", "u3", "v2", "v3"}
    assert mirror.losses == 1


def test_an_opt_in_in_an_older_state_removes_nobody(store: OptOutStore, mirror: RecordingMirror, raw: Client) -> None:
    store.opt_out(["u1"])
    store.opt_in(["u1"])
    old = _dump(raw)
    store.opt_out(["u1"])
    mirror.refresh()
    _reset(raw, old)
    assert mirror.refresh() == {"u1"}
    assert store.held(["u1"]) == 1


def test_the_loss_of_half_of_the_members_is_detected_and_repaired(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis", raw: Client
) -> None:
    everybody = {f"u{number}" for number in range(1_000)}
    store.opt_out(everybody)
    mirror.refresh()
    client.zremrangebyrank(CHANGES, 0, 499)
    with pytest.raises(IncompleteError):
        RecordingMirror(raw).refresh()
    assert mirror.refresh() == everybody
    assert mirror.losses == 1
    assert RecordingMirror(raw).refresh() == everybody
    assert mirror.refresh() == everybody
    assert mirror.losses == 1, "a complete store is no loss"


def test_the_loss_of_the_changes_is_detected(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1"])
    mirror.refresh()
    client.delete(CHANGES)
    with pytest.raises(IncompleteError):
        RecordingMirror(raw).refresh()
    assert mirror.refresh() == {"u1"}
    assert RecordingMirror(raw).refresh() == {"u1"}


def test_no_task_starts_with_a_partially_restored_store(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis", raw: Client
) -> None:
    everybody = {f"u{number}" for number in range(25_000)}
    store.opt_out(everybody)
    mirror.refresh()
    client.flushall()
    mirror.refresh()
    assert 0 < store.look().entries < len(everybody)
    with pytest.raises(IncompleteError):
        RecordingMirror(raw).refresh()
    store.opt_in(["u0"])
    store.opt_out(["new"])
    assert mirror.refresh() == everybody - {"u0"} | {"new"}, "new changes are applied during the restoration"
    while mirror.store_incomplete():
        mirror.refresh()
    assert RecordingMirror(raw).refresh() == everybody - {"u0"} | {"new"}
    assert mirror.losses == 1


def test_a_store_without_its_hash_is_initialised_with_the_remaining_entries(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis", raw: Client
) -> None:
    store.opt_out(["u1", "u2"])
    mirror.refresh()
    client.delete(STORE)
    assert mirror.refresh() == {"u1", "u2"}
    store.opt_out(["u3"])
    assert mirror.refresh() == {"u1", "u2", "u3"}
    assert RecordingMirror(raw).refresh() == {"u1", "u2", "u3"}


def test_all_opt_outs_stay_in_force_while_the_store_refuses_writes(
    store: OptOutStore, mirror: RecordingMirror, client: "redis.Redis"
) -> None:
    store.opt_out(["u1"])
    mirror.refresh()
    client.flushall()
    client.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(redis.ResponseError):
            mirror.refresh()
        assert mirror.subjects == {"u1"}
        assert mirror.store_incomplete()
    finally:
        client.replicaof("NO", "ONE")
    assert mirror.refresh() == {"u1"}
    assert not mirror.store_incomplete()
    assert store.held(["u1"]) == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["out", "in", "refresh", "flush", "shrink", "replace"]), st.sampled_from("abcdef")),
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_subject_leaves_the_mirror_only_by_opting_in(
    steps: list[tuple[str, str]], raw: Client, client: "redis.Redis"
) -> None:
    """A subject that the mirror knows, and that has not opted in since, is in it after every refresh."""
    client.flushall()
    store = OptOutStore(raw)
    store.init()
    mirror = RecordingMirror(raw)
    mirror.refresh()
    known: set[str] = set()
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
                known.discard(subject)
                unseen.discard(subject)
        elif step == "refresh":
            assert known <= mirror.refresh()
            known |= unseen
            assert known <= mirror.subjects
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
    assert known <= mirror.refresh()
    mirror.refresh()
    assert known <= RecordingMirror(raw).refresh(), "the store has all of them again"
