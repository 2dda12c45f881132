from assurance.reconciliation.balancing.routes import expected_by
from contracts.topics import ANALYTICS, PERSONALIZATION, SECURITY
from tests.assurance.reconciliation.builders import raw


def test_the_policy_decides_what_is_expected() -> None:
    expected = expected_by()
    known = {topic.name: expected.routes[topic.name] for topic in (ANALYTICS, SECURITY, PERSONALIZATION)}
    belongs = {
        name: [topic for topic, route in known.items() if route(raw("event-a", event_name=name))]
        for name in ("order", "sign_in", "http_request", None)
    }
    assert belongs == {
        "order": [ANALYTICS.name, PERSONALIZATION.name],
        "sign_in": [ANALYTICS.name, SECURITY.name],
        "http_request": [ANALYTICS.name],
        None: [ANALYTICS.name],
    }
    assert expected.without_consent & known.keys() == {SECURITY.name}
    assert [name for name in expected.every_event if name in known] == [ANALYTICS.name]
