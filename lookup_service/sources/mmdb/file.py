"""A MaxMind database in use: an own copy of the file, tried out first, and one record read from it.

What a database is good for is told by what is in its records, not by its name: editions differ in name and share keys.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Generic, TypeVar

import maxminddb
import msgspec
from maxminddb import InvalidDatabaseError

from lookup_service.sources.mmdb.probe import has_hole, records
from lookup_service.sources.private_copy import private_copy
from lookup_service.sources.watched_file import UnusableFileError

Record = TypeVar("Record")
_UNREADABLE = (ValueError, TypeError, OverflowError, InvalidDatabaseError)
"""Of a record's place, text, numbers or shape; msgspec's and the decoding of text are ValueErrors."""


class DamagedRecordError(Exception):
    """What the file says of one address cannot be read."""


class MmdbFile(Generic[Record]):
    def __init__(self, path: Path, record_type: type[Record], *, tells: Callable[[Record], bool], wanted: str) -> None:
        """Raises OSError, or UnusableFileError for a damaged database or one of whose records none ``tells`` anything
        that is wanted.
        """
        self._record_type = record_type
        with private_copy(path) as copy:
            try:
                self._reader = maxminddb.open_database(copy)
                metadata = self._reader.metadata()
                built = datetime.fromtimestamp(metadata.build_epoch, UTC)
            except (*_UNREADABLE, OSError, AttributeError) as error:
                raise UnusableFileError("not a readable MaxMind database") from error
            self._has_ipv6 = metadata.ip_version == 6
            self.version = f"{metadata.database_type}/{built:%Y-%m-%dT%H:%M:%SZ}"
            """Type and build time, such as ``GeoLite2-City/2026-09-01T06:00:00Z``."""
            try:
                self._probe(copy, tells, f"a {metadata.database_type} database, not {wanted} one")
            except BaseException:
                self.close()
                raise

    def get(self, address: IPv4Address | IPv6Address) -> Record | None:
        """None where the file has no record. Raises DamagedRecordError."""
        if address.version == 6 and not self._has_ipv6:
            return None
        try:
            record = self._reader.get(address)
            return None if record is None else self._read(record)
        except _UNREADABLE as error:
            raise DamagedRecordError from error

    def close(self) -> None:
        self._reader.close()

    def _read(self, record: object) -> Record:
        if not record:
            raise ValueError("an empty record")  # zeros, decoded
        return msgspec.convert(record, self._record_type)

    def _probe(self, copy: Path, tells: Callable[[Record], bool], another: str) -> None:
        if has_hole(copy):
            raise UnusableFileError("a damaged MaxMind database")
        is_wanted = False
        try:
            for record in records(self._reader):
                is_wanted |= tells(self._read(record))
        except _UNREADABLE as error:
            raise UnusableFileError("a damaged MaxMind database") from error
        if not is_wanted:
            raise UnusableFileError(another)
