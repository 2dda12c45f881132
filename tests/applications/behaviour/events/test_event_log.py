"""The events that are kept of a visitor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.behaviour.events.event_log import BLOCK, CHUNK, EventLog, LogIndex
from applications.behaviour.events.logged_event import LoggedEvent
from tests.applications.behaviour.visitors_of import MemoryChunks, event

_COUNTS = st.integers(0, 2 * BLOCK + 1)


def made(events: int, first: int = 0) -> list[LoggedEvent]:
    return [event(number, number, page=f"/{number}") for number in range(first, first + events)]


@given(_COUNTS, _COUNTS)
def test_events_come_back_in_the_order_of_arrival_also_from_the_state(before: int, after: int) -> None:
    chunks, index = MemoryChunks(), LogIndex()
    log = EventLog(index, chunks)
    for each in made(before):
        log.append(each)
    again = EventLog(index, chunks)
    assert len(again) == len(log) == before
    for each in made(after, before):
        again.append(each)
    assert again.events() == made(before + after)
    assert len(again) == before + after
    assert all(map(again.has, range(before + after)))
    assert not again.has(before + after)


def test_only_the_newest_are_in_the_value_and_a_chunk_is_written_once() -> None:
    chunks, index = MemoryChunks(), LogIndex()
    log = EventLog(index, chunks)
    for each in made(CHUNK - 1):
        log.append(each)
    assert (index.newest_events, len(chunks)) == (CHUNK - 1, 0)
    log.append(event(CHUNK, CHUNK))
    assert (index.newest_events, index.newest, len(chunks)) == (0, b"", 1)
    first = dict(chunks)
    for each in made(CHUNK, 100):
        log.append(each)
    assert first.items() <= chunks.items()


@given(_COUNTS, _COUNTS)
def test_replace_keeps_these_events_and_leaves_no_chunk_behind(before: int, after: int) -> None:
    chunks, index = MemoryChunks(), LogIndex()
    log = EventLog(index, chunks)
    for each in made(before):
        log.append(each)
    log.replace(made(after, 1_000))
    assert log.events() == EventLog(index, chunks).events() == made(after, 1_000)
    assert all(log.has(each.id) for each in made(after, 1_000))
    assert not any(map(log.has, range(before)))
    assert len(chunks) == after // CHUNK + after // BLOCK


def test_a_part_of_its_own_events_can_replace_them() -> None:
    chunks, index = MemoryChunks(), LogIndex()
    log = EventLog(index, chunks)
    for each in made(3 * CHUNK):
        log.append(each)
    log.replace(each for each in log.events() if each.id % 2)
    assert log.events() == [each for each in made(3 * CHUNK) if each.id % 2]


def test_a_missing_chunk_is_an_error_and_not_a_shorter_log() -> None:
    chunks, index = MemoryChunks(), LogIndex()
    log = EventLog(index, chunks)
    for each in made(2 * CHUNK):
        log.append(each)
    chunks.remove(0)
    with pytest.raises(ValueError, match="chunk"):
        log.events()


def test_ids_that_are_missing_are_an_error_and_not_new_events() -> None:
    chunks, index = MemoryChunks(), LogIndex()
    log = EventLog(index, chunks)
    for each in made(BLOCK):
        log.append(each)
    chunks.remove(-1)
    with pytest.raises(ValueError, match="chunk"):
        EventLog(index, chunks)


def test_an_id_is_not_found_across_two_others() -> None:
    log = EventLog(LogIndex(), MemoryChunks())
    log.append(event(0, 0x0000_0001_0000_0002))
    log.append(event(1, 0x0000_0003_0000_0004))
    assert not log.has(0x0000_0002_0000_0003)
    assert log.has(0x0000_0003_0000_0004)
