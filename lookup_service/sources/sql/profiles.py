"""Source for user and listing keys: any SQL database, one query per batch."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from contracts.lookup_api.lookups import LookupResult
from lookup_service.sources.isolation import Isolation
from lookup_service.sources.protocol import SourceState, State
from lookup_service.sources.results import SourceResults
from lookup_service.sources.sql.schema import BadRowError, ProfileKind, profile_of

MAX_KEYS_PER_QUERY = 1000
BAD_KEY_S = 10.0
"""How long a key whose query failed for that key alone is left out of the queries for other keys."""

log = structlog.get_logger(__name__)


class DatabaseDownError(Exception):
    """The database is unreachable, closed the connection, or answered with an error."""


class QueryDataError(Exception):
    """The database works but rejects the data of this query: a key that it cannot read, a row that it cannot return."""


class Database(Protocol):
    """Connects on first use and reconnects after an outage. No call takes longer than the database's own time limit."""

    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        """The contract's columns of the existing ids. Raises DatabaseDownError, QueryDataError or TimeoutError."""

    async def ping(self) -> State:
        """Raises DatabaseDownError, QueryDataError or TimeoutError."""

    async def close(self) -> None:
        """May be called again."""


class SqlProfiles:
    """Profiles of one kind; they have no data version, because a database has no builds."""

    data_version = None

    def __init__(self, kind: ProfileKind, name: str, database: Database) -> None:
        self.kind: ProfileKind = kind
        self.name = name
        self._database = database
        self._results = SourceResults(kind, name)
        self._isolation = Isolation(BAD_KEY_S)
        self._was_up = True

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        # Neither database can store NUL or invalid UTF-8 as text, so such a key is missing without a query.
        valid = list({key for key in keys if "\0" not in key and _is_utf8(key)})
        found: dict[str, LookupResult] = {}
        try:
            for start in range(0, len(valid), MAX_KEYS_PER_QUERY):
                chunk = valid[start : start + MAX_KEYS_PER_QUERY]
                isolated = await self._isolation.run(chunk, self._rows, (QueryDataError,))
                found.update((key, self._result(row)) for key, row in isolated.found.items())
                for key in isolated.bad:
                    found[key] = self._results.record_error("a key or a row that the database rejects")
                found.update(dict.fromkeys(isolated.skipped, self._results.timeout))
        except TimeoutError:
            self._log_change("timeout")
            return [self._results.timeout] * len(keys)
        except DatabaseDownError as error:
            self._log_change(type(error.__cause__).__name__)
            return [self._results.error] * len(keys)
        self._log_change(None)
        return [found.get(key, self._results.missing) for key in keys]

    async def check(self) -> SourceState:
        try:
            return SourceState(state=await self._database.ping())
        except TimeoutError:
            return SourceState(state="timeout")
        except (DatabaseDownError, QueryDataError):
            return SourceState(state="unreachable")

    async def close(self) -> None:
        await self._database.close()

    async def _rows(self, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        return await self._database.rows(self.kind, ids)

    def _result(self, row: Sequence[Any]) -> LookupResult:
        try:
            return self._results.for_value(profile_of(self.kind, row))
        except BadRowError:
            return self._results.record_error("a row outside the contract")

    def _log_change(self, problem: str | None) -> None:
        """Logs changes only: an outage is two lines, not one per request."""
        if problem is not None and self._was_up:
            log.warning("database_down", source=self.name, problem=problem)
        elif problem is None and not self._was_up:
            log.info("database_up", source=self.name)
        self._was_up = problem is None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
