"""The job account_security without Flink: its pure code in memory, and what it would write to Redis."""

from core.risk.facets import state as facet_state
from core.risk.facets.log import add
from core.risk.facets.state import FacetState
from core.risk.observe import observe
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from core.risk.stored_state import facet_key, subject_key
from core.risk.subject import state as subject_state
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.state import SubjectState
from core.stored_value import StoredState, encode_state


class PureJob:
    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._facets: dict[str, FacetState] = {}
        self._subjects: dict[str, SubjectState] = {}
        self._newest = 0

    def take(self, event: SecurityEvent) -> None:
        """Events come in the order of their time."""
        observed = observe(event, self._rules)
        if observed is None:
            return
        self._newest = observed.at
        facets = tuple(self._rules.facets_of(observed))
        open_event(self._subject(observed.subject_key), observed, facets, self._rules)
        for facet in facets:
            state = self._facets.setdefault(facet, FacetState())
            for told in add(state, facet, observed, self._rules):
                take_part(self._subject(told.subject_key), told.part, self._rules)

    def stored(self, written_ms: int) -> dict[str, bytes]:
        """Redis key → value."""
        packed = {facet_key(key): facet_state.pack(state) for key, state in self._facets.items()}
        packed |= {subject_key(key): subject_state.pack(state) for key, state in self._subjects.items()}
        return {key: encode_state(StoredState(self._newest, written_ms, value)) for key, value in packed.items()}

    def _subject(self, key: str) -> SubjectState:
        return self._subjects.setdefault(key, SubjectState())
