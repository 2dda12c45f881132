"""The local calendar at the moment of an event: weekday and hour, weekend, public holiday.

Local time is that of the event's ``os_timezone`` where that is an IANA time zone, else of the address's
(``geo_timezone``). Without either there is no calendar: UTC would be a guess. The country is that of the address
(``geo_country``). Where it is not known, the weekend is Saturday and Sunday, and nothing is said about holidays.

Time zones come from the package ``tzdata`` and holidays from the package ``holidays``, both pinned: the job and
``/v1/enrich`` give the same result whatever data their operating systems have. Measured on two shared cores: 1 µs a
moment whose local hour and country are remembered, 3 µs another one; 5 ms for the first event of a country and year.
"""

from collections.abc import Hashable
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import tzdata  # type: ignore[import-untyped]

from common.memoize import BoundedMemory
from contracts.enrichments import Calendar
from core.derived.interface import Memo, MemoByKey, Reason, Settings
from core.lookups.lookup_keys import no_key

_REMEMBERED = 16_384
"""Local hours times countries: a day of all countries is 6,000."""
_YEARS = 512
"""Years of countries whose holidays are remembered, some 5 KB each."""
_TZDATA = files(tzdata)
_NO_ZONE = "Factory"
"""The name that stands in the database for a system whose time zone was never set."""
_ZONES = frozenset(_TZDATA.joinpath("zones").read_text("ascii").split()) - {_NO_ZONE}
_COUNTRIES = frozenset(holidays.list_supported_countries(include_aliases=False))
_SATURDAY = 5
_MINUTE_MS = 60_000
_WHOLE_MINUTES = 94_694_400_000
"""1973. From then on every zone changes at a whole minute of UTC, and by whole minutes; Liberia did not in 1972."""
_HOURS = BoundedMemory[tuple[int, str], tuple[int, int]](_REMEMBERED)
"""(minute since 1970 UTC, zone) to the local day and hour: half a microsecond less than to compute them."""


def compute(
    derived_tstamp: int, os_timezone: str | None, geo_timezone: str | None, geo_country: str | None
) -> Calendar | Reason:
    """``missing``: there is no time zone; ``invalid``: there is only an ``os_timezone`` that is none."""
    local = _local(derived_tstamp, os_timezone, geo_timezone)
    if local is None:
        return no_key(os_timezone or "").status
    year = None if geo_country is None else _holidays_of(geo_country, local.year)
    name = None if year is None else year.get(local.date())
    return Calendar(
        calendar_weekday=local.isoweekday(),
        calendar_hour=local.hour,
        calendar_is_weekend=local.weekday() >= _SATURDAY if year is None else year.is_weekend(local.date()),
        calendar_is_holiday=None if year is None else name is not None,
        calendar_holiday_name=name,
    )


def memo(_: Settings) -> Memo:
    return MemoByKey(_REMEMBERED, _key)


def prepare() -> None:
    """Load what the first holidays of all load: it takes a tenth of a second."""
    compute(0, "UTC", None, "US")


def _key(
    derived_tstamp: int, os_timezone: str | None, geo_timezone: str | None, geo_country: str | None
) -> Hashable | None:
    """Only the local hour and the country count."""
    zone = _zone_of(os_timezone, geo_timezone)
    if zone is None:
        return None
    minute = (derived_tstamp // _MINUTE_MS, zone)
    hour = _HOURS.get(minute)
    if hour is None:
        local = _in_zone(derived_tstamp, zone)
        hour = (local.toordinal(), local.hour)
        if derived_tstamp >= _WHOLE_MINUTES:
            _HOURS.keep(minute, hour)
    return (hour, geo_country)


def _local(derived_tstamp: int, os_timezone: str | None, geo_timezone: str | None) -> datetime | None:
    zone = _zone_of(os_timezone, geo_timezone)
    return None if zone is None else _in_zone(derived_tstamp, zone)


def _in_zone(derived_tstamp: int, zone: str) -> datetime:
    return datetime.fromtimestamp(derived_tstamp // 1000, _zone(zone))


def _zone_of(os_timezone: str | None, geo_timezone: str | None) -> str | None:
    if os_timezone in _ZONES:
        return os_timezone
    return geo_timezone if geo_timezone in _ZONES else None


@cache  # of as many names as there are
def _zone(name: str) -> ZoneInfo:
    with _TZDATA.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@lru_cache(_YEARS)
def _holidays_of(country: str, year: int) -> holidays.HolidayBase | None:
    """The public holidays of the whole country, None where the library does not know the country or the year."""
    if country not in _COUNTRIES:
        return None
    entity = type(holidays.country_holidays(country))
    if not entity.start_year <= year <= entity.end_year:
        return None
    # Without a language the library takes the process's, which would be another one on another machine.
    return entity(years=year, expand=False, language=entity.default_language)
