"""What labels mean for the verdicts of an account."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from contracts.fixed_topics import DAY_MS
from contracts.security.labels import Finding, Label
from core.risk.observation import Observation
from core.risk.subject.limits import Limits
from core.risk.subject.profile import Success, short
from core.risk.subject.state import LabelNote, SubjectState

INNOCENT: frozenset[Finding] = frozenset({"false_positive", "challenge_passed"})
GUILTY: frozenset[Finding] = frozenset({"confirmed_fraud", "challenge_failed"})
SUSPECT_MS = DAY_MS
"""So long after it was found out, an account's later events have a reason: a take-over is for what comes after it. The
time is that of the rules on changes after a risk."""


class Standing(NamedTuple):
    """What the labels say of one event."""

    own: LabelNote | None
    """The event's own label."""
    suspect: LabelNote | None
    """The label by which the account was under suspicion when the event happened."""

    @property
    def is_innocent(self) -> bool:
        return self.own is not None and self.own.finding in INNOCENT


def standing(labels: Mapping[str, LabelNote], observed: Observation) -> Standing:
    """A suspicion lasts from the event that was found to be fraud (from the label, if that is of no known event) until
    ``SUSPECT_MS`` after the label, or until a challenge is passed that was set after the label.
    """
    if not labels:
        return Standing(None, None)
    return Standing(labels.get(observed.event_id), _suspect(labels, observed.at, observed.event_id))


def is_foreign(labels: Mapping[str, LabelNote]) -> Callable[[Success], bool]:
    """Whether a success that was learnt is none of the owner's habits, as :func:`standing` says of the events of the
    log: of its own label, or because it was under suspicion without proving the owner.
    """
    own = {short(event_id): note for event_id, note in labels.items()}

    def by_labels(success: Success) -> bool:
        note = own.get(success.event)
        if note is not None:
            return note.finding in GUILTY
        return not success.is_proven and _suspect(labels, success.at, "") is not None

    return by_labels


def _suspect(labels: Mapping[str, LabelNote], at: int, event_id: str) -> LabelNote | None:
    passed = max(
        (note.at for note in labels.values() if note.finding == "challenge_passed" and note.at <= at), default=0
    )
    suspects = [
        note
        for key, note in labels.items()
        if note.finding in GUILTY
        and at <= note.at + SUSPECT_MS
        and (_start(note), key) < (at, event_id)
        and passed <= note.at
    ]
    return min(suspects, key=lambda note: (note.at, note.label_id)) if suspects else None


def note_label(state: SubjectState, label: Label, limits: Limits) -> LabelNote | None:
    """Keeps it; None if it changes nothing: it is known, or there is a later one of the same event."""
    key = label.event_id or f":{label.label_id}"
    known = state.labels.get(key)
    if known is not None and (known.at, known.label_id) >= (label.labelled_tstamp, label.label_id):
        return None
    note = LabelNote(label.label_id, label.finding, label.labelled_tstamp, _time_of(state, label.event_id))
    state.labels[key] = note
    forget_old(state, limits)
    return note


def forget_old(state: SubjectState, limits: Limits) -> None:
    labels = state.labels
    for key in [key for key, note in labels.items() if note.at < state.newest - limits.labelled_ms]:
        del labels[key]
    for key in sorted(labels, key=lambda name: (labels[name].at, labels[name].label_id))[: -limits.labels]:
        del labels[key]


def note_time(state: SubjectState, observed: Observation) -> int:
    """The event has come, perhaps after its label.

    :return: time from which on events may have another verdict by it.
    """
    note = state.labels.get(observed.event_id)
    if note is None:
        return observed.at
    event_at = observed.at if note.event_at is None else min(note.event_at, observed.at)
    state.labels[observed.event_id] = LabelNote(note.label_id, note.finding, note.at, event_at)
    return min(event_at, note.at)


def _time_of(state: SubjectState, event_id: str | None) -> int | None:
    if event_id is None:
        return None
    times = [entry.observed.at for entry in state.kept() if entry.observed.event_id == event_id]
    return min(times) if times else state.profile.time_of(event_id)


def first_affected(note: LabelNote) -> int:
    """Time from which on events may have another verdict by it."""
    return min(_start(note), note.at)


def _start(note: LabelNote) -> int:
    return note.at if note.event_at is None else note.event_at
