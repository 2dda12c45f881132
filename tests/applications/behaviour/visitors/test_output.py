"""The job's output records."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from applications.behaviour.events.behaviour_event import read_event
from applications.behaviour.sessions.sessions import Place
from applications.behaviour.visitors.kept import Kept
from applications.behaviour.visitors.output import sessionized
from contracts.sessions.sessionized import Stamp
from tests.applications.behaviour.visitors_of import MemoryChunks

_VALUE = b'{"event_id":"e-1","event_name":"page_view","collector_tstamp":5,"derived_tstamp":4,"other":[1,{"a":"}"}]}'
_ANY_ID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    _ANY_ID,
    st.sampled_from(["browser", "account"]),
    st.integers(1, 9),
    st.integers(0, 3),
    st.none() | st.integers(0, 10**9).map(lambda ms: ms / 1000),
    st.booleans(),
)
def test_the_template_is_the_stamp_of_the_contract(  # noqa: PLR0917
    visitor_id: str, kind: str, index: int, number: int, since: float | None, is_repeated: bool
) -> None:
    kept = Kept(visitor_id, None, MemoryChunks())
    visitor = kept.visitor("browser" if kind == "browser" else "account", 0)
    place = Place("01a2179e-9ac0-7264-9187-00d0ce0c2769", index, number, since, is_repeated)
    topic, key, value, tstamp = sessionized(_VALUE, read_event(_VALUE), visitor, place)
    stamp = Stamp(
        visitor_id=visitor_id,
        visitor_kind=visitor.key.kind,
        session_id=place.session_id,
        session_index=index,
        session_event_number=number,
        session_is_first=number == 1,
        session_seconds_since_last=since,
        session_is_repeated=is_repeated,
    )
    expected = msgspec.json.decode(_VALUE) | msgspec.to_builtins(stamp)
    assert msgspec.json.decode(value) == expected
    assert (topic, key, tstamp) == ("clickstream.sessionized.v1", visitor_id.encode(), 5)
