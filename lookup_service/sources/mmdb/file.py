"""A MaxMind database, opened from a private copy of the file and validated before use.

The records decide whether a database is usable, not its name: editions with different names have the same fields.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Generic, TypeVar

import maxminddb
import msgspec
from maxminddb import InvalidDatabaseError

from lookup_service.sources.mmdb.probe import has_hole, sample_records
from lookup_service.sources.mmdb.trial import fault_of
from lookup_service.sources.private_copy import private_copy
from lookup_service.sources.watched_file import UnusableFileError

Record = TypeVar("Record")
_UNREADABLE = (ValueError, TypeError, OverflowError, InvalidDatabaseError)
"""For a record whose offset, text, numbers or shape are invalid; msgspec's and text decoding errors are ValueErrors."""


class DamagedRecordError(Exception):
    """The record of one address cannot be read."""


class MmdbFile(Generic[Record]):
    def __init__(
        self, path: Path, record_type: type[Record], *, has_data: Callable[[Record], bool], expected: str
    ) -> None:
        """``has_data`` tells whether a record has any of the fields that are read; ``expected`` names the edition in
        the error message.

        Raises OSError, or UnusableFileError for a damaged database and for one without any record that has data.
        """
        self._record_type = record_type
        with private_copy(path) as copy:
            if fault := fault_of(copy):
                raise UnusableFileError(f"{fault} MaxMind database")
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
                self._validate(copy, has_data, f"a {metadata.database_type} database, not {expected} one")
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
            raise ValueError("an empty record")  # the format decodes zeroed bytes as an empty record
        return msgspec.convert(record, self._record_type)

    def _validate(self, copy: Path, has_data: Callable[[Record], bool], wrong_type: str) -> None:
        if has_hole(copy):
            raise UnusableFileError("a damaged MaxMind database")
        is_usable = False
        try:
            for record in sample_records(self._reader):
                is_usable |= has_data(self._read(record))
        except _UNREADABLE as error:
            raise UnusableFileError("a damaged MaxMind database") from error
        if not is_usable:
            raise UnusableFileError(wrong_type)
