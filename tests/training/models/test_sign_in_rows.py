"""The row of a sign-in has what was known before it; its label is the generator's."""

import pytest

from assurance.servers.mmdb_files import CITY, write_mmdb
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from deploy.security.rule_files import SHIPPED, read_rule_files
from producers.synthetic.attacks.autonomous_systems import records
from tests.training.models.samples import ATTACKED, ATTACKS, features, inputs
from training.models.detection import detection
from training.models.risk import NAME
from training.models.sign_in_rows import SignIn, SignInRows
from training.models.streams import LabelledEvent, security

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    found = load_rules(read_rule_files(SHIPPED))
    assert isinstance(found, RuleSet)
    return found


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledEvent]:
    folder = tmp_path_factory.mktemp("databases")
    systems = write_mmdb(folder / "asn.mmdb", records(), "GeoLite2-ASN")
    city = write_mmdb(folder / "city.mmdb", CITY, "GeoLite2-City")
    return list(security(ATTACKED, ATTACKS, city, systems))


@pytest.fixture(scope="module")
def rows(events: list[LabelledEvent], rules: RuleSet) -> list[SignIn]:
    return list(SignInRows(features(), inputs(NAME), rules).rows(events))


def test_later_events_change_no_row(events: list[LabelledEvent], rows: list[SignIn], rules: RuleSet) -> None:
    before = list(SignInRows(features(), inputs(NAME), rules).rows(events[: len(events) // 2]))
    assert 50 < len(before) < len(rows)
    assert rows[: len(before)] == before


def test_each_successful_sign_in_has_one_row_and_its_label(events: list[LabelledEvent], rows: list[SignIn]) -> None:
    truth = {each.truth.event_id: each.truth for each in events if each.truth is not None}
    assert len({row.event_id for row in rows}) == len(rows)
    assert {row.event_id: row.is_attack for row in rows} == {
        event_id: line.is_attack for event_id, line in truth.items() if line.role == "success"
    }
    assert {row.is_attack for row in rows} == {True, False}


def test_a_row_has_the_failures_before_it_and_not_its_own_event(
    events: list[LabelledEvent], rows: list[SignIn]
) -> None:
    seen: dict[str, list[int]] = {}
    expected = {}
    for event, _ in events:
        if event.event_name == "sign_in" and event.user_id:
            of_user = seen.setdefault(event.user_id, [])
            if event.auth_outcome == "success":
                expected[event.event_id] = any(event.collector_tstamp - at < 3_000_000 for at in of_user)
            elif event.user_agent_is_crawler is not True:  # the shipped features do not count programs
                of_user.append(event.collector_tstamp)
    found = {row.event_id: row.failures_1h > 0 for row in rows}
    assert sum(found.values()) > 5
    assert all(found[event_id] for event_id, failed in expected.items() if failed and event_id in found)
    own = inputs(NAME).names.index("hours_since_sign_in")
    assert all(row.row[own] > 0 for row in rows)


def test_the_rules_score_tells_attacks_apart(rows: list[SignIn]) -> None:
    found = detection([row.rules_score for row in rows], [row.is_attack for row in rows])
    assert found.roc_auc > 0.6
