"""What happens, and what of it should be stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.risk.security_event import SecurityEvent


@dataclass(frozen=True, slots=True)
class Scene:
    events: Sequence[SecurityEvent]
    stopped: Sequence[SecurityEvent] = ()
    """Must be challenged or denied. Of an attack's other events nothing is expected, but that its victims' past and
    everything in an innocent scene is allowed."""
    allowed: Sequence[SecurityEvent] = ()
    """Of people among an attack: must not be challenged."""
