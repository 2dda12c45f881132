"""One kind of event does not push another one out of an address's log."""

from collections import Counter

from core.risk.facets.bounds import class_of
from core.risk.facets.limits import FacetLimits
from core.risk.facets.log import add
from core.risk.facets.state import FacetState
from core.risk.observation import Part
from core.risk.observe import observe
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from tests.core.risk.facets.facet_samples import RulesByHand
from tests.core.risk.rules.rule_texts import SHIPPED
from tests.core.risk.windows.rules_of import observation, window_rule

T0 = 1_700_000_000_000


def shipped() -> RuleSet:
    found = load_rules(SHIPPED)
    assert isinstance(found, RuleSet)
    return found


RULES = shipped()


class Address:
    def __init__(self) -> None:
        self.state = FacetState()
        self.at = T0
        self.number = 0
        self.parts: dict[str, Part] = {}

    def sign_in(self, user: int, outcome: str) -> str:
        return self._add(event_name="sign_in", user_id=f"u{user}", auth_outcome=outcome, auth_method="password")

    def not_found(self) -> str:
        return self._add(
            event_name="http_request", http_method="GET", http_status=404, page_url="https://x.example/.env"
        )

    def _add(self, **fields: str | int) -> str:
        self.number, self.at = self.number + 1, self.at + 1_000
        made = {
            "event_id": f"e{self.number:05}",
            "collector_tstamp": self.at,
            "user_ipaddress": "203.0.113.7",
            **fields,
        }
        event = SecurityEvent(**made)  # type: ignore[arg-type]
        observed = observe(event, RULES)
        assert observed is not None
        keys = [key for key in RULES.facets_of(observed) if key.startswith("address:")]
        for told in add(self.state, keys[0], observed, RULES) if keys else ():
            self.parts[told.part.event] = told.part
        return observed.identity

    def hits(self, event: str) -> set[str]:
        return {hit.rule for hit in self.parts[event].hits}


def test_tries_among_many_requests_are_found() -> None:
    address = Address()
    tries = []
    for user in range(60):
        tries.append(address.sign_in(user, "failure"))
        for _ in range(6):
            address.not_found()
    assert all("credential_stuffing_address" in address.hits(each) for each in tries)


def test_requests_after_the_attack_do_not_clear_the_attacker() -> None:
    address = Address()
    for user in range(60):
        address.sign_in(user, "failure")
    for _ in range(3 * 129):
        address.not_found()
    assert "from_attacking_address" in address.hits(address.sign_in(7, "success"))


def test_without_the_attack_there_is_no_hit() -> None:
    address = Address()
    for user in range(5):
        address.sign_in(user, "failure")
    for _ in range(30):
        address.not_found()
    assert not address.hits(address.sign_in(7, "success"))


KINDS = [f"k{number}" for number in range(8)]
ANY = window_rule("any", KINDS[:7], ["user_ipaddress"], 10**9, context=KINDS[7:])


def test_at_most_four_full_classes_are_kept_and_the_largest_gives_way() -> None:
    rules, state = RulesByHand({"address": (ANY,)}), FacetState()
    limits = FacetLimits(events=10)
    for number in range(400):
        event = observation(f"e{number:03}", number, [KINDS[number % 7]], values={"user_ipaddress": 7, "user_id": 1})
        assert not add(state, "address:7", event, rules, limits)[0].part.is_late
    assert sorted(Counter(each.observed.matched for each in state.log).values()) == [5, 5, 6, 6, 6, 6, 6]
    assert min(each.observed.at for each in state.log) >= 355


def test_the_class_is_of_the_names_that_are_counted() -> None:
    def class_(*matched: str, excluded: tuple[str, ...] = ()) -> int | None:
        return class_of(observation("e", 1, matched, excluded), [ANY])

    assert class_("k1", "not_counted") == class_("k1")
    assert class_("k1", "k2") == class_("k2", "k1")
    assert len({class_("k1"), class_("k2"), class_("k1", "k2"), class_("k7")}) == 4
    assert class_("not_counted") is None
    assert class_("k1", excluded=("any",)) is None


def test_an_event_later_than_the_oldest_of_its_class_is_taken_although_newer_ones_of_others_have_left() -> None:
    rules, state = RulesByHand({"address": (ANY,)}), FacetState()
    limits = FacetLimits(events=3)

    def is_late(kind: str, at: int) -> bool:
        event = observation(f"{kind}-{at}", at, [kind], values={"user_ipaddress": 7, "user_id": 1})
        return add(state, "address:7", event, rules, limits)[0].part.is_late

    for at in range(1, 9):
        assert not is_late("k1", at)
    assert not is_late("k2", 2)
    assert is_late("k1", 4)
    assert [(each.observed.matched, each.observed.at) for each in state.log] == [
        (("k2",), 2), (("k1",), 6), (("k1",), 7), (("k1",), 8),
    ]  # fmt: skip
