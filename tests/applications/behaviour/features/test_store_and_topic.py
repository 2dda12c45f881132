"""The store from the topic, and after a process was killed: no value is lost, and none is an older one."""

from base64 import b64decode

import msgspec
import pytest

from applications.behaviour.sessions.rules import SessionRules
from applications.features.store.waiting import Waiting
from common.redis_states.versioned import HEAD
from contracts.features.records import FeatureState
from core.features.model import DAY_MS
from tests.applications.behaviour.features.in_memory import KeysWithFeatures
from tests.applications.behaviour.keys_in_memory import Keys, account_event, browser_event
from tests.applications.behaviour.visitors_of import HOUR, MINUTE, SECOND, T


def _restored(keys: KeysWithFeatures, *, at_once: bool) -> dict[str, bytes]:
    """What an empty store has when the whole topic was put into it, as it is before it is compacted.

    :param at_once: all records wait together; else each is written before the next one is read.
    """
    found: dict[str, bytes] = {}
    waiting = Waiting(1_000, 10_000_000)

    def write() -> None:
        for key, entry in waiting.begin(1_000, 10_000_000):
            name = key.decode()
            made = HEAD.unpack_from(found[name])[1] if name in found else -1
            if entry.deletion == "all" or (entry.deletion and 0 <= made <= entry.deleted_ms):
                found.pop(name)
            if entry.encoded and (name not in found or found[name][:16] <= entry.encoded[:16]):
                found[name] = entry.encoded
        waiting.end(waiting.begin(1_000, 10_000_000))

    for key, value, at in keys.log:
        if value is None:
            waiting.delete_older(key, at, 0.0)
        else:
            state = msgspec.json.decode(value, type=FeatureState)
            encoded = HEAD.pack(state.newest_tstamp, state.written_tstamp) + b64decode(state.state)
            waiting.put_former(key, encoded, 60, 0.0)
        if not at_once:
            write()
    write()
    return {name: encoded[HEAD.size :] for name, encoded in found.items()}


@pytest.mark.parametrize("at_once", [True, False])
def test_a_session_that_became_shorter_is_restored_as_it_is_now(at_once: bool) -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    for at in (0, 20, 40, 60):
        keys.see(account_event("a", at * MINUTE))
        keys.clock += 10_000
    keys.see(browser_event("b", 90 * MINUTE, "a"))  # what the account did within half an hour before is the browser's
    before = {name: state.newest for name, state in keys.store.items()}
    keys.clock += 10_000
    keys.deliver()
    keys.tick(10_000)
    (session,) = [
        name for name in before if name.startswith("session:") and name in keys.store and before[name] < T + 70 * MINUTE
    ]
    assert keys.store[session].newest < before[session], "it has become shorter"
    keys.assert_topic_equals_store()
    assert _restored(keys, at_once=at_once) == {name: keys.packed_store[name] for name in keys.store}


def test_what_a_killed_process_had_not_written_is_put_when_it_is_published() -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    keys.see(browser_event("b", 0))
    before = dict(keys.store)
    keys.see(browser_event("b", SECOND))
    keys.store = before  # Redis did not have it yet when the process was killed, and the state was in a checkpoint
    keys.tick(1_000)
    keys.assert_topic_equals_store()


def test_what_a_killed_process_had_not_written_of_a_session_is_put_when_it_is_over() -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    keys.see(browser_event("b", 0))
    before = dict(keys.store)
    keys.see(browser_event("b", SECOND))
    keys.store = before
    keys.see(browser_event("b", 2 * HOUR))
    keys.tick(1_000)
    keys.assert_topic_equals_store()


@pytest.mark.parametrize("removed", ["browser", "session", "both"])
def test_entities_that_are_no_longer_declared_are_erased_and_stop_nothing(removed: str) -> None:
    keys = KeysWithFeatures(publish_ms=1_000)
    keys.see(browser_event("b", 0), browser_event("b", SECOND))
    sessions = keys.store.keys() - {"browser:b"}
    keys.see(browser_event("idle", 0))
    left = {"browser": {"session"}, "session": {"browser"}, "both": set()}[removed]
    keys.declare(left)
    keys.see(browser_event("b", 2 * SECOND))
    keys.tick(1_000)
    assert ("browser:b" in keys.store) == ("browser" in left)
    assert (sessions <= keys.store.keys()) == ("session" in left)
    keys.move(31 * DAY_MS)
    assert keys.packed == {}, "nothing is kept for ever"
    assert keys.store == {} and keys.topic == {}


def test_features_that_are_switched_off_are_not_kept_for_ever() -> None:
    keys = KeysWithFeatures()
    keys.see(browser_event("b", 0), browser_event("idle", 0))
    keys.move(4 * DAY_MS)
    assert keys.packed.keys() == {"b", "idle"}, "for their features"
    off = Keys()
    off.packed, off.chunks = keys.packed, keys.chunks
    off.see(browser_event("b", 4 * DAY_MS))
    off.move(8 * DAY_MS)
    assert off.packed == {}


def test_the_window_of_a_session_that_may_be_longer_than_a_day_has_all_of_it() -> None:
    keys = KeysWithFeatures(SessionRules(cap_ms=3 * DAY_MS), kept_ms=3 * DAY_MS)
    keys.see(*(browser_event("b", number * 20 * MINUTE) for number in range(100)))
    assert keys.served("browser:b")["browser__depth__session"] == 100
