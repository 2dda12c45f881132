"""The format of what is kept: a value that was written must be read, for as long as jobs are restored from it."""

from pathlib import Path

import pytest

from core.risk.facets.seen import SeenCounts, Span
from core.risk.facets.state import PACKING, FacetEntry, FacetState, pack, unpack
from core.risk.observation import Hit, Observation, subject_key_of

HERE = Path(__file__).parent
"""It has a golden file of each format: what the first version with this format wrote. They are never written anew."""


def golden(number: int) -> bytes:
    return (HERE / f"facet_of_format_{number}.msgpack").read_bytes()


def expected() -> FacetState:
    """Each field of the format has a value of its own. A field that comes later is not here."""
    values = (1, 2, 3, 2**64 - 1, 5, 6, 7, 8, None, 10, 11)
    key = subject_key_of("browser", "b-1")
    observed = Observation(
        "e-1", 12, "sign_in", "browser", "", ("failed", "other"), ("excluded",), values, subject_key=key
    )
    hits = {"first": Hit("first", 16, 17.5), "second": Hit("second", 18)}
    seen = SeenCounts(19, {20: 21}, [Span(22, 23, {24: 25}, [26, 27]), Span(28, 29)])
    log = [FacetEntry(observed, hits, 30, 32), FacetEntry(observed)]
    return FacetState(log, 31, {33: (31, f"{key} sign_in:e-0"), 34: (30, key)}, seen, 35)


def test_what_the_first_version_of_this_format_wrote_is_read() -> None:
    assert unpack(golden(PACKING.number)) == expected()


def test_the_format_has_not_changed_unnoticed() -> None:
    """A field that is new has a default and comes last: then write a golden file beside this one, and read both."""
    assert pack(expected()) == golden(PACKING.number)


def test_format_1_is_read_and_its_subjects_are_forgotten() -> None:
    """It had no classes, and knew the events that had left by their id alone."""
    read, wanted = unpack(golden(1)), expected()
    wanted.log[0].kind = wanted.rules_number = 0
    wanted.dropped = read.dropped
    assert read == wanted
    ((kind, (at, key)),) = read.dropped.items()
    assert (kind, at) == (0, 31)
    assert key > subject_key_of("user", "u1"), "no event of that millisecond is taken any more"
    assert b"b-1" not in pack(read)


def test_an_empty_state() -> None:
    assert unpack(pack(FacetState())) == FacetState()


@pytest.mark.parametrize("number", range(1, PACKING.number + 1))
def test_there_is_a_step_from_every_older_format(number: int) -> None:
    assert isinstance(unpack(golden(number)), FacetState)
