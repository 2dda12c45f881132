"""What the lookup service answers, as results of enrichments: :class:`core.lookups.protocols.ResultReceiver`."""

import msgspec

from contracts.enrichments import LOOKUP_OF_KIND
from contracts.lookup_api.lookups import MAX_VALUE_BYTES, VALUE_TYPES, Kind, LookupResult, Status
from core.flat_event import EnrichmentResult
from core.fragments import FragmentBuilder

_DECODERS = {kind: msgspec.json.Decoder(VALUE_TYPES[kind]) for kind in LOOKUP_OF_KIND}


class LookupResults:
    def __init__(self, builder: FragmentBuilder) -> None:
        self._builder = builder

    def of_result(self, kind: Kind, result: LookupResult) -> EnrichmentResult:
        """The result for one key, checked against the contract; one that breaks it is an ``error``."""
        if result.status not in ("ok", "stale"):
            return self.without_value(kind, result.status)
        value = result.value
        if isinstance(value, msgspec.UnsetType) or len(bytes(value)) > MAX_VALUE_BYTES:
            return self.without_value(kind, "error")
        try:
            return self._builder.of_value(LOOKUP_OF_KIND[kind].name, result.status, _DECODERS[kind].decode(value))
        except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):  # a bad encoding is a ValueError
            return self.without_value(kind, "error")

    def without_value(self, kind: Kind, status: Status) -> EnrichmentResult:
        """``missing``, ``invalid``, ``timeout`` or ``error``."""
        return self._builder.without_value(LOOKUP_OF_KIND[kind].name, status)

    def as_stale(self, kind: Kind, old: EnrichmentResult) -> EnrichmentResult:
        """An old result that serves while the service cannot be asked."""
        if not old.value:
            return old
        return self._builder.of_value(LOOKUP_OF_KIND[kind].name, "stale", _DECODERS[kind].decode(old.value))
