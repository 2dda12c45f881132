"""The format of what is kept: a value that was written must be read, for as long as jobs are restored from it."""

from pathlib import Path

import msgspec
import pytest

from core.risk.facets import state
from core.risk.facets.seen import SeenCounts, Span
from core.risk.facets.state import FORMAT, FacetEntry, FacetState, UnknownFormatError, pack, unpack
from core.risk.observation import Hit, Observation

GOLDEN = Path(__file__).with_name("facet_of_format_1.msgpack")
"""What the first version wrote of :func:`of_format_1`. It is never written anew."""


def of_format_1() -> FacetState:
    """Each field of the first format has a value of its own. A field that comes later is not here."""
    values = (1, 2, 3, 2**64 - 1, 5, 6, 7, 8, None, 10, 11)
    observed = Observation(
        "e-1", 12, "sign_in", "browser", "b-1", ("failed", "other"), ("excluded",), values, 13.5, -14.5, 15
    )
    hits = {"first": Hit("first", 16, 17.5), "second": Hit("second", 18)}
    seen = SeenCounts(19, {20: 21}, [Span(22, 23, {24: 25}, [26, 27]), Span(28, 29)])
    return FacetState([FacetEntry(observed, hits, 30), FacetEntry(observed)], 31, "e-0", seen)


def test_what_the_first_version_wrote_is_read() -> None:
    assert unpack(GOLDEN.read_bytes()) == of_format_1()


def test_the_format_has_not_changed_unnoticed() -> None:
    """A field that is new has a default and comes last: then write a golden file beside this one, and read both."""
    assert pack(of_format_1()) == GOLDEN.read_bytes()


def test_an_empty_state() -> None:
    assert unpack(pack(FacetState())) == FacetState()


def test_a_later_format_is_refused_and_not_read_as_if_it_were_this_one() -> None:
    with pytest.raises(UnknownFormatError, match=rf"format {FORMAT + 1}; .* up to {FORMAT}$"):
        unpack((FORMAT + 1).to_bytes(2) + pack(FacetState())[2:])


def test_an_older_format_is_brought_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "FORMAT", FORMAT + 1)
    monkeypatch.setattr(
        state, "MIGRATIONS", {FORMAT: lambda body: msgspec.msgpack.encode([[], 5, *msgspec.msgpack.decode(body)[2:]])}
    )
    assert unpack(pack(of_format_1())).dropped_at == 5
    assert unpack(pack(of_format_1())).log == []


def test_there_is_a_step_from_every_older_format() -> None:
    assert sorted(state.MIGRATIONS) == list(range(1, FORMAT))
