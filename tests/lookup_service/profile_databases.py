"""Profile databases for the tests: PostgreSQL and SQLite behind one interface."""

from dataclasses import dataclass

from common.secret import SecretUrl
from lookup_service.seed.database import seed
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.profiles import SqlProfiles
from lookup_service.sources.sql.schema import ProfileKind
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite

COUNT = 40


@dataclass(frozen=True)
class Database:
    """A database of seeded profiles, PostgreSQL or SQLite by its URL."""

    url: str

    def source(self, kind: ProfileKind, timeout_ms: int = 5000) -> SqlProfiles:
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            return open_sqlite(SqliteOptions(kind=kind, path=path, timeout_ms=timeout_ms))
        return open_postgresql(PostgresqlOptions(kind=kind, url=SecretUrl(self.url), timeout_ms=timeout_ms))

    def seed(self, count: int = COUNT, seed_number: int = 1) -> int:
        return seed(self.url, user_count=count, listing_count=count, seed_number=seed_number)
