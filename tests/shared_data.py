"""Real inputs that lie beside the project, or where ``SHARED_DATA`` says; no part of it, so they may be absent."""

import os
from pathlib import Path

from local_stack.paths import PROJECT

DATA = Path(os.environ.get("SHARED_DATA", PROJECT.parent / "shared" / "data"))
CITY = DATA / "GeoIP2-City-Test.mmdb"
ASN = DATA / "GeoLite2-ASN-Test.mmdb"
ANONYMOUS_IP = DATA / "GeoIP2-Anonymous-IP-Test.mmdb"
