"""Real inputs that lie beside the project, or where ``SHARED_DATA`` says; no part of it, so they may be absent."""

import os
from pathlib import Path

from local_stack.paths import PROJECT

DATA = Path(os.environ.get("SHARED_DATA", PROJECT.parent / "shared" / "data"))
ACCESS_LOG = DATA / "access_log_combined.log"
"""10,000 requests, combined format."""
