"""Events from files, a lake and an access log, in the order of their times."""

import dataclasses
import random
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.backtest.inputs.problems import InputError, Skipped
from assurance.backtest.inputs.reading import Input, read_events
from assurance.backtest.inputs.sorting import by_time
from assurance.backtest.inputs.span import Span, parse_time
from assurance.servers.mmdb_files import ASN, CITY, write_mmdb
from core.risk.security_event import SecurityEvent
from producers.access_log.formats import Format
from tests.assurance.backtest.security_samples import AT, MINUTE, sign_in

ALWAYS = Span()
LINES = (
    '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /wp-login.php HTTP/1.1" 404 12 "-" "curl/8.1"\n'
    '192.0.2.7 - - [17/May/2015:10:05:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "Mozilla/5.0 (X11; Linux) Firefox/120.0"\n'
    "no request at all\n"
)


def events_of(
    place: Path | str, span: Span = ALWAYS, form: Format = Format.AUTO
) -> tuple[list[SecurityEvent], Skipped]:
    skipped = Skipped()
    source = Input(place=str(place), form=form, bootstrap_servers="", span=span, city=lambda: None)
    return list(read_events(source, skipped)), skipped


def write_ndjson(path: Path, events: list[SecurityEvent]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
    return path


@given(st.lists(st.integers(0, 20), max_size=40), st.integers(1, 7))
def test_any_number_of_batches_gives_one_order(times: list[int], batch: int) -> None:
    events = [sign_in(number, at=at) for number, at in enumerate(times)]
    found = list(by_time(events, batch))
    assert [event.collector_tstamp for event in found] == sorted(times)
    assert sorted(found, key=lambda event: event.event_id) == events


def test_enriched_events_of_a_file_are_put_in_order(tmp_path: Path) -> None:
    events = [sign_in(number) for number in range(50)]
    shuffled = random.Random(1).sample(events, 50)
    path = write_ndjson(tmp_path / "events.ndjson", shuffled)
    path.write_bytes(path.read_bytes() + b"{}\nno json\n\n")
    found, skipped = events_of(path)
    assert found == events
    assert skipped.unreadable == 2
    later, skipped = events_of(path, Span(AT + 10 * MINUTE, AT + 20 * MINUTE))
    assert later == events[10:20]
    assert skipped.outside == 40


def test_a_lake_is_read_hour_by_hour(tmp_path: Path) -> None:
    events = [sign_in(number) for number in range(180)]
    for at in {event.collector_tstamp // 3_600_000 for event in events}:
        rows = [msgspec.structs.asdict(each) for each in reversed(events) if each.collector_tstamp // 3_600_000 == at]
        hour = tmp_path / "lake" / "purpose=security" / f"day=2023-11-{14 + (at % 24 < 20):02}" / f"hour={at % 24:02}"
        hour.mkdir(parents=True)
        for row in rows:
            row["a_field_of_the_future"] = 1
            row["price"] = 1.5
            del row["user_verified"]
        half = len(rows) // 2
        for name, part in (("a", rows[:half]), ("b", rows[half:])):
            pq.write_table(pa.Table.from_pylist(part), hour / f"part-{name}.parquet")
        (hour / "_SUCCESS").touch()
    found, skipped = events_of(tmp_path / "lake")
    assert [event.event_id for event in found] == [event.event_id for event in events]
    assert found[0] == msgspec.structs.replace(events[0], price=1.5)
    assert skipped == Skipped()
    span = Span(AT + 100 * MINUTE, AT + 110 * MINUTE)
    assert [event.event_id for event in events_of(tmp_path / "lake", span)[0]] == [
        event.event_id for event in events[100:110]
    ]


def test_a_lake_without_security_events_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with pytest.raises(InputError, match="no events of the purpose security"):
        events_of(tmp_path / "lake")


def test_an_access_log_is_enriched(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(LINES)
    found, skipped = events_of(path)
    assert [event.http_status for event in found] == [200, 404]
    assert found[0].user_agent_name == "Firefox"
    assert found[1].page_url == "https://www.example.org/wp-login.php"
    assert found[1].user_ipaddress == "192.0.2.7"
    assert found[0].domain_userid != found[1].domain_userid
    assert found[0].collector_tstamp == parse_time("2015-05-17T10:05:01Z")
    assert skipped.unreadable == 1
    assert found == events_of(path)[0]


@pytest.mark.parametrize("content", ["# A document\n\nof two lines\n", ""])
def test_what_is_no_input_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "document.md"
    path.write_text(content)
    with pytest.raises(InputError):
        events_of(path)
    with pytest.raises(InputError, match="no such file"):
        events_of(tmp_path / "missing")


def test_times_are_utc_unless_they_say_otherwise() -> None:
    assert parse_time("2023-11-14T22:13:20") == parse_time("2023-11-14T23:13:20+01:00") == AT
    assert parse_time("1970-01-02") == 86_400_000
    with pytest.raises(ValueError, match="tomorrow"):
        parse_time("tomorrow")


def test_places_and_networks_come_from_databases(tmp_path: Path) -> None:
    city = write_mmdb(tmp_path / "city.mmdb", CITY, "GeoLite2-City")
    systems = write_mmdb(tmp_path / "asn.mmdb", ASN, "GeoLite2-ASN")
    path = tmp_path / "access.log"
    path.write_text(LINES.replace("192.0.2.7", "81.2.69.142", 1).replace("192.0.2.7", "12.81.92.9"))
    source = Input(
        place=str(path), form=Format.AUTO, bootstrap_servers="", span=ALWAYS, city=lambda: city, systems=systems
    )
    second, first = read_events(source, Skipped())
    assert (first.geo_city, first.as_number) == ("London", None)
    assert (second.geo_city, second.as_organization_name) == (None, "AT&T Services")
    assert isinstance(first.geo_latitude, float)
    (tmp_path / "broken.mmdb").write_bytes(b"none")
    with pytest.raises(InputError, match="database"):
        list(read_events(dataclasses.replace(source, city=lambda: tmp_path / "broken.mmdb"), Skipped()))
