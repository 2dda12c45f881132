"""user and listing keys from a database: one query a batch, whichever database it is."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from contracts.lookup_api.lookups import LookupResult
from lookup_service.sources.isolation import Isolation
from lookup_service.sources.protocol import SourceState, State
from lookup_service.sources.results import SourceResults
from lookup_service.sources.sql.schema import BadRowError, ProfileKind, profile_of

MOST_KEYS_IN_A_QUERY = 1000
SPOILT_S = 10.0
"""So long a key that spoilt a query by itself is left out of queries for others."""

log = structlog.get_logger(__name__)


class DatabaseDownError(Exception):
    """The database is not reachable, went away, or answered with an error."""


class SpoiltQueryError(Exception):
    """The database works and refuses this query's data: a key that it cannot take, or a row that it cannot give."""


class Database(Protocol):
    """Connects on first use, again after it was down; its own time limit is the longest that a call takes."""

    async def rows(self, kind: ProfileKind, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        """The contract's columns by id, for the ids that there are. Raises DatabaseDownError, SpoiltQueryError or
        TimeoutError.
        """

    async def ping(self) -> State:
        """Raises DatabaseDownError, SpoiltQueryError or TimeoutError."""

    async def close(self) -> None:
        """May be called again."""


class SqlProfiles:
    """Profiles carry no data version: a database has no builds."""

    data_version = None

    def __init__(self, kind: ProfileKind, name: str, database: Database) -> None:
        self.kind: ProfileKind = kind
        self.name = name
        self._database = database
        self._answers = SourceResults(kind, name)
        self._isolation = Isolation(SPOILT_S)
        self._was_up = True

    async def lookup(self, keys: Sequence[str]) -> list[LookupResult]:
        # Neither database has text with these; the ids that the marketplace gives have none.
        wanted = list({key for key in keys if "\0" not in key and _is_utf8(key)})
        found: dict[str, LookupResult] = {}
        try:
            for start in range(0, len(wanted), MOST_KEYS_IN_A_QUERY):
                some = wanted[start : start + MOST_KEYS_IN_A_QUERY]
                asked = await self._isolation.ask(some, self._rows, (SpoiltQueryError,))
                found.update((key, self._answer(row)) for key, row in asked.answers.items())
                for key in asked.spoilt:
                    found[key] = self._answers.refused("not a key or a row of the database's")
                found.update(dict.fromkeys(asked.unasked, self._answers.timeout))
        except TimeoutError:
            self._note("timeout")
            return [self._answers.timeout] * len(keys)
        except DatabaseDownError as error:
            self._note(type(error.__cause__).__name__)
            return [self._answers.error] * len(keys)
        self._note(None)
        return [found.get(key, self._answers.missing) for key in keys]

    async def check(self) -> SourceState:
        try:
            return SourceState(state=await self._database.ping())
        except TimeoutError:
            return SourceState(state="timeout")
        except (DatabaseDownError, SpoiltQueryError):
            return SourceState(state="unreachable")

    async def close(self) -> None:
        await self._database.close()

    async def _rows(self, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        return await self._database.rows(self.kind, ids)

    def _answer(self, row: Sequence[Any]) -> LookupResult:
        try:
            return self._answers.of(profile_of(self.kind, row))
        except BadRowError:
            return self._answers.refused("a row outside the contract")

    def _note(self, problem: str | None) -> None:
        """Log changes only: an outage is two lines, not one per request."""
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
