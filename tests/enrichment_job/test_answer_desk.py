"""All enrichments of an event at one desk, against a real HTTP server."""

import time
from collections.abc import Iterator

import pytest

from contracts.enriched_event import EventFields
from contracts.enrichment_table import ENRICHMENTS
from enrichment_job.answer_desk import AnswerDesk
from enrichment_job.answers import AnswerViews
from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine
from enrichment_job.outcome import Answer, Rejected
from enrichment_job.policy.model import EVERYTHING, Purpose
from enrichment_job.prepare import prepare
from enrichment_job.pure_enrichments import pure_enrichments

from .lookups.lookup_server import LookupServer
from .samples import raw
from .test_answers import purpose


@pytest.fixture
def server() -> Iterator[LookupServer]:
    with LookupServer() as running:
        yield running


@pytest.fixture
def engines() -> Iterator[list[LookupEngine]]:
    opened: list[LookupEngine] = []
    yield opened
    for engine in opened:
        engine.close()


def _desk(server: LookupServer, engines: list[LookupEngine], *purposes: Purpose) -> AnswerDesk:
    views = AnswerViews(purposes)
    engines.append(LookupEngine(LookupConfig(url=server.url, linger_ms=20, request_timeout_ms=2_000), views))
    return AnswerDesk(engines[-1], views, pure_enrichments(views, {"www.example.org"}))


def _fields(payload: bytes) -> EventFields:
    event = prepare(payload, 1_700_000_001_000, 1_700_000_001_005)
    assert not isinstance(event, Rejected)
    return event.fields


def _answers(desk: AnswerDesk, fields: EventFields) -> list[Answer]:
    deadline = time.monotonic() + 5
    while (found := desk.look(fields, time.monotonic())) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


EVENT = raw(
    {
        "context.page_url": "https://www.example.org/l/1?utm_source=news",
        "context.page_referrer": "https://www.example.org/",
    }
)


def test_one_batch_answers_all_that_must_be_asked(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, EVERYTHING)
    fields = _fields(EVENT)
    assert desk.look(fields, time.monotonic()) is None
    found = _answers(desk, fields)
    assert [answer.status for answer in found] == ["ok"] * len(ENRICHMENTS)
    # The address for geo and for network, the user, the listing; texts are worked out here.
    assert server.batches == [["81.2.69.142", "81.2.69.142", "u0000001", "l00000001"]]
    by_name = dict(zip((each.name for each in ENRICHMENTS), found, strict=True))
    assert b'"user_agent_name":"Firefox"' in by_name["user_agent"].fragments[0]
    assert b'"refr_medium":"internal"' in by_name["referrer"].fragments[0]
    assert b'"mkt_source":"news"' in by_name["campaign"].fragments[0]
    assert desk.hits < desk.keys


def test_what_no_purpose_has_is_not_asked(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, purpose("p", user_segment="keep"))
    _answers(desk, _fields(EVENT))
    assert server.batches == [["u0000001"]]


def test_an_event_without_keys_is_known_at_once(server: LookupServer, engines: list[LookupEngine]) -> None:
    desk = _desk(server, engines, EVERYTHING)
    found = desk.look(_fields(raw({"actor": {}, "attributes": {}, "context.page_url": ...})), time.monotonic())
    assert found is not None
    assert {answer.status for answer in found} == {"missing"}
    assert server.batches == []


def test_who_waits_has_tickets_and_timeouts_for_what_did_not_come(
    server: LookupServer, engines: list[LookupEngine]
) -> None:
    server.delay_s = 1
    desk = _desk(server, engines, EVERYTHING)
    waited = desk.wait(_fields(EVENT), time.monotonic())
    statuses = [answer.status for answer in desk.answered(waited, time.monotonic())]
    assert statuses == ["timeout", "timeout", "ok", "ok", "ok", "timeout", "timeout"]
