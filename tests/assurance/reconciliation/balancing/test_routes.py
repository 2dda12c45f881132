from assurance.reconciliation.balancing.routes import expected_by
from contracts.topics import ANALYTICS, BEHAVIOUR_EVENTS, PERSONALIZATION, SECURITY
from tests.assurance.reconciliation.builders import raw


def test_the_policy_decides_what_is_expected() -> None:
    expected = expected_by()
    all_four = (ANALYTICS, SECURITY, PERSONALIZATION, BEHAVIOUR_EVENTS)
    known = {topic.name: expected.routes[topic.name] for topic in all_four}
    belongs = {
        name: [topic for topic, route in known.items() if route(raw("event-a", event_name=name))]
        for name in ("order", "sign_in", "http_request", None)
    }
    assert belongs == {
        "order": [ANALYTICS.name, PERSONALIZATION.name, BEHAVIOUR_EVENTS.name],
        "sign_in": [ANALYTICS.name, SECURITY.name, BEHAVIOUR_EVENTS.name],
        "http_request": [ANALYTICS.name, SECURITY.name, BEHAVIOUR_EVENTS.name],
        None: [ANALYTICS.name, BEHAVIOUR_EVENTS.name],
    }
    assert expected.without_consent & known.keys() == {SECURITY.name}
    assert [name for name in expected.every_event if name in known] == [ANALYTICS.name, BEHAVIOUR_EVENTS.name]
