from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.enrichments import Calendar
from contracts.purposes.model import EVERYTHING
from core.derived import calendar
from core.derived.interface import Settings
from core.flat_event import BadRow, EnrichmentResult
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.registry import REGISTRY
from tests.core.samples import raw

TUESDAY = 1_700_000_000_000
"""2023-11-14T22:13:20Z"""
ZONES = files("tzdata").joinpath("zones").read_text("ascii").split()
COUNTRIES = sorted(holidays.list_supported_countries(include_aliases=False))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def computed(tstamp: int, os_timezone: str | None, geo_timezone: str | None, country: str | None) -> Calendar:
    found = calendar.compute(tstamp, os_timezone, geo_timezone, country)
    assert isinstance(found, Calendar)
    return found


@pytest.mark.parametrize(
    ("os_timezone", "geo_timezone", "weekday", "hour"),
    [
        ("UTC", None, 2, 22),
        ("Europe/Berlin", "America/New_York", 2, 23),
        ("Asia/Kathmandu", None, 3, 3),
        (None, "America/New_York", 2, 17),
        ("Mars/Olympus", "Asia/Calcutta", 3, 3),
        ("Factory", "Pacific/Kiritimati", 3, 12),
    ],
)
def test_local_time_is_that_of_the_device_else_of_the_address(
    os_timezone: str | None, geo_timezone: str | None, weekday: int, hour: int
) -> None:
    found = computed(TUESDAY, os_timezone, geo_timezone, None)
    assert (found.calendar_weekday, found.calendar_hour) == (weekday, hour)


@pytest.mark.parametrize(
    ("os_timezone", "geo_timezone", "reason"),
    [
        (None, None, "missing"),
        ("", None, "missing"),
        ("-", None, "missing"),
        (None, "Mars/Olympus", "missing"),
        ("Mars/Olympus", None, "invalid"),
        ("europe/berlin", None, "invalid"),
        ("../../etc/passwd", None, "invalid"),
        ("Europe", None, "invalid"),
        ("\ud800\x00", None, "invalid"),
        ("Factory", None, "invalid"),
    ],
)
def test_without_a_time_zone_there_is_no_calendar(
    os_timezone: str | None, geo_timezone: str | None, reason: str
) -> None:
    assert calendar.compute(TUESDAY, os_timezone, geo_timezone, "DE") == reason


@pytest.mark.parametrize(
    ("moment", "country", "is_weekend"),
    [
        ("2023-11-17T12:00Z", "DE", False),
        ("2023-11-18T12:00Z", "DE", True),
        ("2023-11-17T12:00Z", "IL", True),
        ("2023-11-19T12:00Z", "IL", False),
        ("2021-11-19T12:00Z", "AE", True),  # Friday and Saturday until 2021
        ("2023-11-17T12:00Z", "AE", False),
        ("2023-11-19T12:00Z", None, True),
        ("2023-11-19T12:00Z", "ZZ", True),
    ],
)
def test_the_weekend_is_the_countrys(moment: str, country: str | None, is_weekend: bool) -> None:
    assert computed(at(moment), "UTC", None, country).calendar_is_weekend is is_weekend


@pytest.mark.parametrize(
    ("moment", "zone", "country", "name"),
    [
        ("2023-10-03T12:00Z", "Europe/Berlin", "DE", "Tag der Deutschen Einheit"),
        ("2023-10-02T22:30Z", "Europe/Berlin", "DE", "Tag der Deutschen Einheit"),
        ("2023-10-03T22:30Z", "Europe/Berlin", "DE", None),
        ("2023-07-14T12:00Z", "Europe/Paris", "FR", "Fête nationale"),
        ("2023-07-04T12:00Z", "America/New_York", "US", "Independence Day"),
        ("2023-11-01T12:00Z", "Europe/Berlin", "DE", None),  # in some of its states only
    ],
)
def test_holidays_are_the_countrys_by_its_local_date_and_in_its_language(
    moment: str, zone: str, country: str, name: str | None
) -> None:
    found = computed(at(moment), zone, None, country)
    assert (found.calendar_is_holiday, found.calendar_holiday_name) == (name is not None, name)


@pytest.mark.parametrize(
    ("moment", "country"),
    [
        ("2023-12-25T12:00Z", None),
        ("2023-12-25T12:00Z", "ZZ"),
        ("2023-12-25T12:00Z", "de"),
        ("2023-12-25T12:00Z", "DEU"),
        ("2023-12-25T12:00Z", "country_holidays"),
        ("1980-12-25T12:00Z", "DE"),  # the library's data begin later
    ],
)
def test_nothing_is_said_of_holidays_where_they_are_not_known(moment: str, country: str | None) -> None:
    found = computed(at(moment), "Europe/Berlin", None, country)
    assert (found.calendar_is_holiday, found.calendar_holiday_name) == (None, None)
    assert found.calendar_hour == 13


def test_the_language_of_the_process_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    year, names = 2031, []
    for language in ("en", "fr"):
        monkeypatch.setenv("LANGUAGE", language)
        calendar._holidays_of.cache_clear()
        names.append([dict(calendar._holidays_of(country, year) or {}) for country in COUNTRIES])
    assert names[0] == names[1]
    assert sum(map(len, names[0])) > 2_000


@given(tstamp=st.integers(0, 4_102_444_800_000), zone=st.sampled_from(ZONES).filter(lambda name: name != "Factory"))
def test_weekday_and_hour_are_those_of_the_zone(tstamp: int, zone: str) -> None:
    found = computed(tstamp, zone, None, None)
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=tstamp)).astimezone(ZoneInfo.from_file(file))
    assert (found.calendar_weekday, found.calendar_hour) == (local.isoweekday(), local.hour)


BUILDER = FragmentBuilder((EVERYTHING,))
DERIVE = REGISTRY.bind(BUILDER, Settings())["calendar"]
PREPARED = flatten(raw(), 1, 1)
assert not isinstance(PREPARED, BadRow)
FIELDS = PREPARED.fields
ANY_ZONE = st.none() | st.sampled_from([*ZONES[:40], "", "-", "Mars/Olympus"]) | st.text(st.characters())
ANY_COUNTRY = st.none() | st.sampled_from([*COUNTRIES, "ZZ"]) | st.text(st.characters(), max_size=3)


@given(
    start=st.integers(0, 4_102_444_800_000),
    later=st.lists(st.integers(0, 3 * 3_600_000), min_size=1, max_size=4),
    os_timezone=ANY_ZONE,
    geo_timezone=ANY_ZONE,
    country=ANY_COUNTRY,
)
def test_what_is_remembered_is_what_would_be_computed(
    start: int, later: list[int], os_timezone: str | None, geo_timezone: str | None, country: str | None
) -> None:
    geo = EnrichmentResult("ok", b"", (b"",), (geo_timezone, country))
    for tstamp in (start + delay for delay in later):
        outcome = calendar.compute(tstamp, os_timezone, geo_timezone, country)
        expected = (
            BUILDER.without_value("calendar", outcome)
            if isinstance(outcome, str)
            else BUILDER.of_value("calendar", "ok", outcome)
        )
        event = msgspec.structs.replace(FIELDS, derived_tstamp=tstamp, os_timezone=os_timezone)
        found = DERIVE(tstamp, event, [geo])
        assert (found.status, found.value, found.fragments) == (expected.status, expected.value, expected.fragments)
