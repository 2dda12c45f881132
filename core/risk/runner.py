"""The whole of account security in memory: what the job does with Flink, as one object. Does no input or output.

The back-test runs it over recorded events, training over generated ones, and tests compare the job with it.
"""

from collections.abc import Iterable

from contracts.fixed_topics import DAY_MS
from contracts.security.labels import Label
from contracts.security.verdicts import Verdict
from core.risk.facets.limits import FacetLimits
from core.risk.facets.log import DEFAULT_LIMITS, add
from core.risk.facets.state import FacetState
from core.risk.kept_states import KeptStates
from core.risk.observation import Observation, subject_key_of
from core.risk.observe import observe
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.labelling import Labelled, take_label
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.state import SubjectState

IDLE_MS = 100 * DAY_MS
"""As the job forgets a key by default."""


class Runner:
    def __init__(
        self,
        rules: RuleSet,
        *,
        limits: Limits = LIMITS,
        facet_limits: FacetLimits = DEFAULT_LIMITS,
        idle_ms: int = IDLE_MS,
    ) -> None:
        self.rules = rules
        self._limits = limits
        self._facet_limits = facet_limits
        self.facets: KeptStates[FacetState] = KeptStates(FacetState, idle_ms)
        self.subjects: KeptStates[SubjectState] = KeptStates(SubjectState, idle_ms)

    def run(self, events: Iterable[SecurityEvent]) -> Iterable[Verdict]:
        """The verdicts on the events, as they are told: new ones, and later versions of earlier ones."""
        for event in events:
            yield from self.add(event)

    def add(self, event: SecurityEvent) -> list[Verdict]:
        """Empty for an event that is not judged, and for one that comes again."""
        observed = observe(event, self.rules)
        return [] if observed is None else self.add_observed(observed)

    def add_observed(self, observed: Observation) -> list[Verdict]:
        keys, at = self.rules.facets_of(observed), observed.at
        subject = self.subjects.use(observed.subject_key, at)
        verdicts = open_event(subject, observed, keys, self.rules, self._limits)
        for key in keys:
            for told in add(self.facets.use(key, at), key, observed, self.rules, self._facet_limits):
                # An account that was forgotten meanwhile has no event that could change.
                if (state := self.subjects.get(told.subject_key)) is not None:
                    verdicts += take_part(state, told.part, self.rules, self._limits)
        return verdicts

    def add_label(self, label: Label) -> Labelled:
        key = subject_key_of(label.subject_kind, label.subject_id)
        done = take_label(self.subjects.use(key, label.labelled_tstamp), label, self.rules, self._limits)
        if done.is_erased:
            self.subjects.drop(key)
        return done
