"""The pure code over events in the order of time, in one thread: what the job must come to."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from contracts.security.verdicts import Mode, Verdict
from core.risk.facets.limits import FacetLimits
from core.risk.facets.log import add
from core.risk.facets.state import FacetState
from core.risk.observation import Part
from core.risk.observe import observe
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import read_event
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.state import SubjectState
from tests.applications.account_security.security_events import encode

Verdicts = dict[tuple[str, Mode], Verdict]
"""(event id, mode) → the newest verdict."""


def judged(events: Iterable[dict[str, Any]], rules: RuleSet, limits: FacetLimits) -> Verdicts:
    facets: dict[str, FacetState] = {}
    subjects: dict[str, SubjectState] = {}
    found: Verdicts = {}
    for each in sorted(events, key=lambda event: (event["collector_tstamp"], event["event_id"])):
        observed = observe(read_event(encode(each)), rules)
        assert observed is not None
        asked = rules.facets_of(observed)
        verdicts = open_event(subjects.setdefault(observed.subject_key, SubjectState()), observed, asked, rules)
        parts: deque[tuple[str, Part]] = deque()
        for key in asked:
            told = add(facets.setdefault(key, FacetState()), key, observed, rules, limits)
            parts.extend((part.subject_key, part.part) for part in told)
        for subject, part in parts:
            verdicts += take_part(subjects.setdefault(subject, SubjectState()), part, rules)
        for verdict in verdicts:
            found[verdict.event_id, verdict.mode] = verdict
    return found


def content(verdict: Verdict) -> dict[str, Any]:
    """Without what depends on the order of arrival."""
    fields = msgspec.to_builtins(verdict)
    return {key: value for key, value in fields.items() if key not in {"verdict_id", "verdict_version", "supersedes"}}
