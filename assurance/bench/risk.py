"""``POST /v1/risk``: one worker on one core, the load generator on another, with states of realistic size in Redis."""

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
from redis import Redis as RedisClient

from assurance.bench.http_load import closed_loop, open_loop, percentile
from assurance.bench.lookups import http_request, running, uvloop_runner
from assurance.bench.risk_states import PureJob
from assurance.servers.mmdb_files import write_mmdb
from assurance.servers.wait import wait_until
from contracts.events.raw import Attributes
from contracts.security.risk import PATH, RiskEvent, RiskRequest
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from core.risk.stored_state import RULES_KEY, StoredRules, encode_rules
from deploy.paths import PROJECT
from local_stack.processes.ports import HOST
from lookup_service.clock import now_ms
from lookup_service.seed.profiles import user_id

RATE = 500.0
SECONDS = 10.0
RULES = PROJECT / "deploy" / "rules"
ACCOUNTS = 500
SIGN_INS = 25
"""Of each account on average before the measurement: somewhat more than the successes that its habits rest on."""
DAYS_MS = 14 * 24 * 3_600_000
"""Over which they are spread."""
FAILING = 0.1
"""Share of the sign-ins that fail."""
ADDRESSES, NETWORKS = 120, 4
"""Each account has one; a network's log is full, an address has some sign-ins of a few accounts."""
ATTACKED, ATTEMPTS, ATTACK_MS = 10, 100, 900_000
"""Addresses from which credentials were tried just before the measurement: their logs are nearly full."""
VICTIMS = 50
"""Accounts that they were tried on."""
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_FIRST_AS = 64_500
_NETWORK_SOURCE = """
[[source]]
type = "mmdb_network"
asn_path = "{path}"
"""


class RiskFigures(msgspec.Struct, frozen=True, kw_only=True):
    p50_ms: float
    p99_ms: float
    """At ``RATE`` requests per second."""
    per_s: float
    """Requests per second of eight connections, each with its next request after each answer."""
    answers: dict[str, int]
    """``status, decision`` → requests. Any but ``ok``: the machine was too busy, and the figures are worth nothing."""
    subject_bytes_p50: float
    subject_bytes_p99: float
    facet_bytes_p50: float
    facet_bytes_p99: float
    """Of the states in Redis."""


def measure(seconds: float = SECONDS) -> RiskFigures:
    rules, texts = shipped_rules()
    now = now_ms()
    job = PureJob(rules)
    for event in _events(now):
        job.take(event)
    states = job.stored(written_ms=now)
    with TemporaryDirectory() as folder:
        networks = write_mmdb(
            Path(folder) / "asn.mmdb",
            {
                f"{_network(number)}.0/24": {"autonomous_system_number": _FIRST_AS + number}
                for number in range(NETWORKS)
            },
            "GeoLite2-ASN",
        )
        with running(Path(folder), _NETWORK_SOURCE.format(path=networks)) as (_, port, redis_url):
            with RedisClient.from_url(redis_url) as redis:
                redis.mset({**states, RULES_KEY: encode_rules(StoredRules(rules.version, now, texts))})
            in_use = f"lookup_risk_rules {len(rules.rules)}.0"
            wait_until(lambda: in_use in _metrics(port), what="the rules are in use", timeout_s=20)
            requests = _requests()
            with uvloop_runner() as runner:
                runner.run(closed_loop(port, requests, connections=8, seconds=2))
                per_s = runner.run(closed_loop(port, requests, connections=8, seconds=seconds / 2))
                latencies = runner.run(open_loop(port, requests, rate=RATE, seconds=seconds))
            answers = _answers(_metrics(port))
    subjects = sorted(len(value) for key, value in states.items() if key.startswith("risk:s:"))
    facets = sorted(len(value) for key, value in states.items() if key.startswith("risk:f:"))
    return RiskFigures(
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        per_s=per_s,
        answers=answers,
        subject_bytes_p50=percentile(subjects, 0.5),
        subject_bytes_p99=percentile(subjects, 0.99),
        facet_bytes_p50=percentile(facets, 0.5),
        facet_bytes_p99=percentile(facets, 0.99),
    )


def shipped_rules() -> tuple[RuleSet, dict[str, str]]:
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(RULES.glob("*.yml"))}
    rules = load_rules(texts)
    assert isinstance(rules, RuleSet), rules
    return rules, texts


def _metrics(port: int) -> str:
    return httpx.get(f"http://{HOST}:{port}/metrics", trust_env=False).text


def _answers(metrics: str) -> dict[str, int]:
    pattern = r'^lookup_risk_requests_total\{decision="(\w+)",status="(\w+)"\} ([\d.e+]+)'
    found = re.findall(pattern, metrics, re.MULTILINE)
    return {f"{status}, {decision}": int(float(count)) for decision, status, count in found}


def _events(now: int) -> Iterator[SecurityEvent]:
    """Sign-ins of all accounts, and at their end an attack."""
    chosen = random.Random(1)
    for number in range(SIGN_INS * ACCOUNTS):
        user = chosen.randrange(1, ACCOUNTS + 1)
        at = now - DAYS_MS + number * (DAYS_MS - ATTACK_MS) // (SIGN_INS * ACCOUNTS)
        yield _sign_in(
            f"usual-{number}", at, user, user % ADDRESSES, "failure" if chosen.random() < FAILING else "success"
        )
    for number in range(ATTACKED * ATTEMPTS):
        at = now - ATTACK_MS + number * ATTACK_MS // (ATTACKED * ATTEMPTS)
        yield _sign_in(f"attack-{number}", at, chosen.randrange(1, VICTIMS + 1), number % ATTACKED, "failure")


def _sign_in(event_id: str, at: int, user: int, address: int, outcome: str) -> SecurityEvent:
    return SecurityEvent(
        event_id=event_id,
        event_name="sign_in",
        collector_tstamp=at,
        user_id=user_id(user),
        user_ipaddress=_address(address),
        useragent=AGENT,
        br_lang="en-GB",
        auth_outcome=outcome,
        auth_method="password",
        device_id=f"device-{user}",
        as_number=_FIRST_AS + address % NETWORKS,
    )


def _requests() -> list[bytes]:
    chosen = random.Random(2)
    users = [chosen.randrange(1, ACCOUNTS + 1) for _ in range(4_000)]
    return [http_request("POST", PATH, msgspec.json.encode(RiskRequest(event=_asked(user)))) for user in users]


def _asked(user: int) -> RiskEvent:
    return RiskEvent(
        event_name="sign_in",
        user_id=user_id(user),
        user_ipaddress=_address(user % ADDRESSES),
        useragent=AGENT,
        br_lang="en-GB",
        attributes=Attributes(auth_outcome="success", auth_method="password", device_id=f"device-{user}"),
    )


def _network(number: int) -> str:
    return f"5.9.{number}"


def _address(number: int) -> str:
    return f"{_network(number % NETWORKS)}.{number // NETWORKS + 1}"


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(measure(float(sys.argv[1]) if sys.argv[1:] else SECONDS))).decode())
