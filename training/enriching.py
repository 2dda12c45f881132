"""Enriches raw events in this process: the job's own functions around a location database and the packaged rules.

What only a database of accounts knows, such as when an account was registered, is absent.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from contracts.lookup_api.lookups import KINDS, Kind, LookupKey, LookupResult, Network, Value
from contracts.purposes.model import EVERYTHING
from core.derived.interface import Settings
from core.flat_event import BadRow, EnrichmentResult
from core.flatten import flatten
from core.fragments import FragmentBuilder
from core.lookups.counts import Counts
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.lookups.pending_lookup import PendingLookup
from core.lookups.result_cache import ResultCache
from core.privacy.pseudonyms import no_pseudonym
from core.projection import Projection
from core.registry import REGISTRY
from core.risk.security_event import SecurityEvent, read_event
from lookup_service.sources.mmdb.city import CityDatabase
from lookup_service.sources.mmdb.file import DamagedRecordError
from lookup_service.sources.mmdb.network import NetworkDatabase
from lookup_service.sources.public_address import public_address
from lookup_service.sources.watched_file import UnusableFileError

_BUILDER = FragmentBuilder((EVERYTHING,))
_PROJECTION = Projection(EVERYTHING, 0, None)
_REMEMBERED = 100_000
_Look = Callable[[str], Value | None]


class DatabaseError(Exception):
    """A location database cannot be used. One line."""


class _LocalLookups:
    """Replaces the job's lookup engine (:class:`core.lookups.protocols.Engine`): each lookup has its result at once."""

    cache: Mapping[Kind, ResultCache] = dict.fromkeys(KINDS, ResultCache(0))

    def __init__(self, look: Mapping[Kind, _Look]) -> None:
        self.counts = Counts()
        self._look = look
        self._results = LookupResults(_BUILDER)
        self._known: dict[tuple[Kind, str], EnrichmentResult] = {}

    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup:
        found = self._known.get((kind, key))
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[kind, key] = self._looked_up(kind, key)
        return PendingLookup(LookupKey(kind, key), found)

    def _looked_up(self, kind: Kind, key: str) -> EnrichmentResult:
        look = self._look.get(kind)
        try:
            value = None if look is None else look(key)
        except DamagedRecordError:
            return self._results.without_value(kind, "error")
        if value is None:
            return self._results.without_value(kind, "missing")
        raw = msgspec.Raw(msgspec.json.encode(value))
        return self._results.of_result(kind, LookupResult(status="ok", value=raw, source="file", age_ms=0))

    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult:
        """Never called: no lookup is open."""
        return self._results.without_value(pending.key.kind, "timeout")


def _network(database: NetworkDatabase, text: str) -> Network | None:
    address = public_address(text)
    return None if address is None else database.read(address)


class Enricher:
    def __init__(self, city: Path | None, systems: Path | None) -> None:
        """:param city: a MaxMind City database, for places.
        :param systems: a MaxMind ASN database, for networks.
        :raises DatabaseError: if one of them cannot be used.
        """
        look: dict[Kind, _Look] = {}
        self._open = ExitStack()
        try:
            if city is not None:
                places = CityDatabase.open(city)
                self._open.callback(places.close)
                look["ip"] = places.read
            if systems is not None:
                networks = NetworkDatabase(systems, "ASN")
                self._open.callback(networks.close)
                look["network"] = partial(_network, networks)
        except (OSError, UnusableFileError) as error:
            self.close()
            raise DatabaseError(f"a location database cannot be used: {error}") from error
        self._lookup = EnrichmentLookup(_LocalLookups(look), _BUILDER, REGISTRY.bind(_BUILDER, Settings()))

    def enriched(self, raw: bytes, collector_tstamp: int) -> SecurityEvent | None:
        """None for what is no raw event.

        :param collector_tstamp: ms since 1970 UTC.
        """
        text = self.enriched_json(raw, collector_tstamp)
        if text is None:
            return None
        try:
            return read_event(text)
        except msgspec.MsgspecError:
            return None

    def enriched_json(self, raw: bytes, collector_tstamp: int) -> bytes | None:
        """The enriched event with all its fields, as no purpose sees it. None for what is no raw event."""
        event = flatten(raw, collector_tstamp, collector_tstamp)
        if isinstance(event, BadRow):
            return None
        results = self._lookup.resolve(self._lookup.get_or_pending(event, 0.0), event, 0.0).enrichments
        fields = _PROJECTION.event_fields_json(event.fields, no_pseudonym)
        return b"".join((fields, *(result.fragments[0] for result in results), b"}"))

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
