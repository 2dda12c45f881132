"""The truth of a generated stream: what each security event really was. The job never sees it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

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


_decode = msgspec.json.Decoder(Truth).decode


def read_truth(path: Path) -> Mapping[str, Truth]:
    """Event id → what it was.

    :raises TruthError: if the file cannot be read, or a line is no truth.
    """
    found: dict[str, Truth] = {}
    number = 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):  # noqa: B007 - for the message
                if line.strip():
                    truth = _decode(line)
                    found[truth.event_id] = truth
    except OSError as error:
        raise TruthError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise TruthError(f"{path}:{number}: {error}") from error
    return found
