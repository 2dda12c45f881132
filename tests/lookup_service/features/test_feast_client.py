"""Feast's own client against the service. The package contradicts this project's versions, so that it has a virtual
environment of its own, ``build/feast-client``, which the first run installs (some 600 MB) and later runs find there.
"""

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.features.model import EntityName
from deploy.paths import BUILD
from lookup_service.clock import now_ms
from tests.lookup_service.features.samples import Store, feature_set, view, written
from tests.lookup_service.lookup_harness import RedisServer, ServerProcess

pytestmark = [pytest.mark.slow, pytest.mark.servers]
HERE = Path(__file__).parent
REQUIREMENTS = HERE / "feast_requirements.txt"
ENVIRONMENT = BUILD / "feast-client"
INSTALL_S = 600
KEY = "feast-" + "k" * 32
PRESENT, NULL_VALUE, NOT_FOUND, OUTSIDE_MAX_AGE = 1, 2, 3, 4
"""Feast's FieldStatus."""


@pytest.fixture(scope="session")
def feast_python() -> Path:
    """The interpreter that has Feast; skips where it cannot be installed."""
    python = ENVIRONMENT / "bin" / "python"
    mark = ENVIRONMENT / f"installed-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "feast-client.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            _run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
            install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
            _run([str(python), *install])
            mark.touch()
    return python


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"Feast's client was not installed within {INSTALL_S} s")
    if done.returncode:
        pytest.skip(f"Feast's client cannot be installed: {done.stderr.strip().splitlines()[-1:]}")


@pytest.fixture
def server(redis_server: RedisServer, tmp_path: Path) -> Iterator[ServerProcess]:
    log, features = tmp_path / "lookup.log", written(tmp_path)
    keys = f"feast:{KEY}:features"
    with ServerProcess(log, redis_url=redis_server.url, features_path=features, sources="", api_keys=keys) as running:
        yield running


def _ask(python: Path, folder: Path, port: int, asked: list[object], older: list[object]) -> dict[str, Any]:
    (folder / "feature_store.yaml").write_text(
        f"""
project: clickstream
provider: local
registry: {folder / "registry.db"}
online_store: {{type: remote, path: "http://127.0.0.1:{port}"}}
offline_store: {{type: file}}
entity_key_serialization_version: 3
auth: {{type: oidc, token: {KEY}}}
""",
        encoding="utf-8",
    )
    features = feature_set()
    entities: tuple[EntityName, ...] = ("browser", "listing")
    question = {
        "folder": str(folder),
        "schema": {
            entity: {
                f"{feature.name}__{window.name}": feature.value_type
                for feature in features.of(entity)
                for window in feature.windows
            }
            for entity in entities
        },
        "join_keys": {entity: features.entities[entity].key for entity in entities},
        "asked": asked,
        "older": older,
    }
    done = subprocess.run(
        [str(python), str(HERE / "feast_client.py")],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"HOME": str(folder), "FEAST_USAGE": "False", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_feasts_client_reads_what_the_service_has(
    feast_python: Path, server: ServerProcess, redis_server: RedisServer, tmp_path: Path
) -> None:
    now = now_ms() // 1000 * 1000
    store = Store(redis_server, feature_set())
    old = now - 40 * 86_400_000
    store.put([view(now - 2000, listing="l1"), view(now - 1000, listing="l2", price=12.5), view(old, browser="old")])
    store.put([view(now - 1000, browser="b3", listing="l3")])
    wanted = ["views__24h", "price__1h", "last__lifetime"]
    rows = [{"domain_userid": each} for each in ("b1", "b2", "b3", "old")]
    asked = [
        {"features": [f"browser:{name}" for name in wanted], "entity_rows": rows},
        {"features": ["browser:views__1m"], "entity_rows": [{"browser": "b1"}], "full_feature_names": True},
        {"feature_service": "browser", "entity_rows": rows[:1]},
        {
            "features": ["browser:views__1m", "listing:views__24h"],
            "entity_rows": [{"domain_userid": "b1", "listing_id": each} for each in ("l2", "l9")],
            "full_feature_names": True,
        },
        {"features": ["browser:views__2m"], "entity_rows": rows[:1]},
    ]
    found = _ask(feast_python, tmp_path, server.port, asked, [["browser", "domain_userid", ["b1", "b2"], wanted]])
    statuses, named, service, two, refused = found["answers"]
    assert statuses["values"] == {
        "domain_userid": ["b1", "b2", "b3", "old"],
        "views__24h": [2, None, 1, None],
        "price__1h": [12.5, None, None, None],
        "last__lifetime": [["l2", "l1"], None, ["l3"], None],
    }
    assert statuses["statuses"] == {
        "domain_userid": [PRESENT] * 4,
        "views__24h": [PRESENT, NOT_FOUND, PRESENT, OUTSIDE_MAX_AGE],
        "price__1h": [PRESENT, NOT_FOUND, NULL_VALUE, OUTSIDE_MAX_AGE],
        "last__lifetime": [PRESENT, NOT_FOUND, PRESENT, OUTSIDE_MAX_AGE],
    }
    assert named["values"] == {"browser": ["b1"], "browser__views__1m": [2]}
    assert service["values"]["last__lifetime"] == [["l2", "l1"]]
    assert len(service["values"]) == 1 + 6
    assert two["values"]["listing__views__24h"] == [1, None]
    assert two["values"]["browser__views__1m"] == [2, 2]
    assert "404" in refused["error"]
    assert "browser__views__2m" in refused["error"]
    (first_at, first), (_, second) = found["older"][0]
    assert first == {"views__24h": 2, "price__1h": 12.5, "last__lifetime": ["l2", "l1"]}
    assert second == {"views__24h": None, "price__1h": None, "last__lifetime": None}
    assert first_at.startswith("20")
