"""The format of what is kept: a value that was written must be read, for as long as jobs are restored from it."""

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applications.behaviour.events.event_log import EventLog, LogIndex
from applications.behaviour.events.logged_event import LoggedEvent
from applications.behaviour.features.state import BROWSER, SESSION, FeaturesState
from applications.behaviour.sessions.facts import Facts
from applications.behaviour.sessions.publication import Numbers, Published
from applications.behaviour.sessions.state import SessionsState, closed_sessions, keep_closed
from applications.behaviour.visitors import state
from applications.behaviour.visitors.state import (
    FORMAT,
    Keyed,
    LinkState,
    UnknownFormatError,
    VisitorState,
    pack,
    unpack,
)
from tests.applications.behaviour.visitors_of import MemoryChunks

WITH_FEATURES = Path(__file__).with_name("state_with_features.msgpack")
"""What the first version with features wrote of :func:`with_features`. It is never written anew."""
GOLDEN = Path(__file__).with_name("state_of_format_1.msgpack")
"""What the first version of the job wrote of :func:`of_format_1`. It is never written anew."""
_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**64 - 1),
    str: st.text(max_size=4),
    bytes: st.binary(max_size=4),
    bool: st.booleans(),
    NoneType: st.none(),
}


def any_of(kind: object) -> st.SearchStrategy[Any]:
    """Values of a type, with every field of a struct set, so that new fields are tried as well."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, **{each.name: any_of(each.type) for each in msgspec.structs.fields(kind)})
    arguments = get_args(kind)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(any_of, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(any_of(arguments[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=2)
    return _PLAIN[kind]


@pytest.mark.slow
@given(any_of(Keyed))
@settings(max_examples=200, deadline=None)
def test_every_field_comes_back(keyed: Keyed) -> None:
    assert unpack(pack(keyed)) == keyed


@given(st.lists(any_of(Published), max_size=3))
def test_every_field_of_a_closed_session_comes_back(sessions: list[Published]) -> None:
    kept = SessionsState()
    keep_closed(kept, sessions)
    assert closed_sessions(kept) == sessions


@given(st.lists(any_of(LoggedEvent).filter(lambda each: each.id >= 0), max_size=3, unique_by=lambda each: each.id))
def test_every_field_of_an_event_comes_back(events: list[LoggedEvent]) -> None:
    log = EventLog(LogIndex(), MemoryChunks())
    for each in events:
        log.append(each)
    assert log.events() == events


def test_the_format_is_in_front() -> None:
    assert pack(Keyed())[:2] == FORMAT.to_bytes(2)


def test_a_later_format_is_refused_and_not_read_as_if_it_were_this_one() -> None:
    with pytest.raises(UnknownFormatError, match=rf"format {FORMAT + 1}; .* up to {FORMAT}$"):
        unpack((FORMAT + 1).to_bytes(2) + pack(Keyed())[2:])


def test_an_older_format_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two made-up formats behind the present one: the first renames nothing and adds a timer, the second doubles it."""
    steps = {
        FORMAT: lambda body: msgspec.msgpack.encode([*msgspec.msgpack.decode(body)[:2], 21]),
        FORMAT + 1: lambda body: msgspec.msgpack.encode(
            [*msgspec.msgpack.decode(body)[:2], 2 * msgspec.msgpack.decode(body)[2]]
        ),
    }
    old = FORMAT.to_bytes(2) + msgspec.msgpack.encode([None, None])
    middle = (FORMAT + 1).to_bytes(2) + msgspec.msgpack.encode([None, None, 5])
    new = (FORMAT + 2).to_bytes(2) + msgspec.msgpack.encode([None, None, 7])
    monkeypatch.setattr(state, "FORMAT", FORMAT + 2)
    monkeypatch.setattr(state, "MIGRATIONS", steps)
    assert [unpack(each).timer for each in (old, middle, new)] == [42, 10, 7]


def test_there_is_a_step_from_every_older_format() -> None:
    assert sorted(state.MIGRATIONS) == list(range(1, FORMAT))


def of_format_1() -> tuple[Keyed, list[Published], list[LoggedEvent]]:
    """Each field of the first format has a value of its own. A field that comes later is not here."""
    published = Published("s-1", 11, 12, 13, 14, 15, 16, 17, "cap", Numbers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 18)
    facts = Facts(
        "s-2", 21, 22, 23, 24, 25, 26, 27, {"order": 28}, {"EUR": 29}, "/in", "/out", "AT", "9", "phone", "search",
        "source", "medium", "campaign", True, ["u-1"], ["c-1"], 30, 31,
    )  # fmt: skip
    events = [
        LoggedEvent(
            41, 42, "order", "/page", "u-2", "c-2", "DE", "BY", "tablet", "social", "source-2", "medium-2",
            "campaign-2", True, 43, "USD",
        )
    ]  # fmt: skip
    sessions = SessionsState(facts, published, b"", {"s-3": 31}, 32, 33, True)
    keep_closed(sessions, [published])
    index = LogIndex(b"", 0, 51, b"ids-ids-", 52)
    index.newest, index.newest_events = b"".join(map(msgspec.msgpack.encode, events)), 1
    browser = VisitorState(61, index, sessions, {"u-3": 62}, [LinkState("b-1", "s-4", 63, 64, 65, 66)], 67, {68: "b-2"})
    return Keyed(browser, VisitorState(71, LogIndex(), SessionsState()), 72), [published], events


def test_what_the_first_version_wrote_is_read_as_it_was_meant() -> None:
    """It fails where a field was moved, renamed to another place, taken away or given another type."""
    keyed, closed, events = of_format_1()
    read = unpack(GOLDEN.read_bytes())
    assert read == keyed
    assert read.browser is not None
    assert closed_sessions(read.browser.sessions) == closed
    index = read.browser.log
    assert EventLog(LogIndex(index.newest, index.newest_events), MemoryChunks()).events() == events


def with_features() -> Keyed:
    """Each field of the part of features has a value of its own. A field that comes later is not here."""
    keyed = of_format_1()[0]
    assert keyed.browser is not None
    keyed.browser.features = FeaturesState(
        b"browser", 81, b"minutes", b"session", "s-5", 82, 83, True, 84, BROWSER | SESSION
    )
    return keyed


def test_what_the_first_version_with_features_wrote_is_read_as_it_was_meant() -> None:
    assert unpack(WITH_FEATURES.read_bytes()) == with_features()


def test_a_state_of_before_features_has_none() -> None:
    read = unpack(GOLDEN.read_bytes())
    assert read.browser is not None
    assert read.browser.features == FeaturesState()
