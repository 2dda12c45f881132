"""The truth of a generated stream: what each security event really was. The job never sees it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import msgspec

Intensity = Literal["above", "below"]
"""Of an attack: just above or just below the thresholds that find it."""


class TruthError(Exception):
    """The file cannot be used. The message names the file and the line."""


class Truth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the file. An event that is there twice, as duplicates in Kafka are, says the same twice."""

    event_id: str
    scenario: str | None = None
    """The attack, or the innocent story, that the event belongs to; None: ordinary traffic."""
    kind: str | None = None
    """Of the scenario, such as ``password_spray_address`` or ``carrier_nat``."""
    intensity: Intensity | None = None
    is_attack: bool = False
    role: str | None = None
    """Of the event in the scenario, such as attempt, success, change, checkout, listing."""
    subject: str | None = None
    """Id of the account, else of the browser, the device, the event. None: whoever has an event of this id."""


class TruthKey(NamedTuple):
    """The identity of an event: a client chooses the ids of its events, so two subjects may use the same one."""

    event_id: str
    subject: str | None


Truths: TypeAlias = Mapping[TruthKey, Truth]


def by_key(truths: Iterable[Truth]) -> Truths:
    return {TruthKey(each.event_id, each.subject): each for each in truths}


def truth_of(truths: Truths, event_id: str, subject_id: str) -> Truth | None:
    """What the subject's event was; None: the truth does not say."""
    return truths.get(TruthKey(event_id, subject_id)) or truths.get(TruthKey(event_id, None))


_decode = msgspec.json.Decoder(Truth).decode


def read_truth(path: Path) -> Truths:
    """What each event of the file was.

    :raises TruthError: if the file cannot be read, or a line is no truth.
    """
    found: list[Truth] = []
    number = 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):  # noqa: B007 - for the message
                if line.strip():
                    found.append(_decode(line))
    except OSError as error:
        raise TruthError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise TruthError(f"{path}:{number}: {error}") from error
    return by_key(found)
