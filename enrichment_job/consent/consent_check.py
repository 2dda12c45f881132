"""Whether the subject of a record has opted out, by the record's own consent flag or in the store of opt-outs."""

from collections.abc import Collection

from common.opt_outs.suppression import Suppression
from contracts.events.enriched import EventFields
from core.consent import OptOut, opt_out, readable_opt_out


class ConsentCheck:
    """To be asked once for each record: a moment later the result may be another."""

    def __init__(self, suppression: Suppression | None) -> None:
        """:param suppression: the mirror of the store; None where only consent flags count."""
        self._subjects: Collection[str] = () if suppression is None else suppression.subjects

    def of_event(self, fields: EventFields) -> OptOut | None:
        """The opt-out of a valid event's subject, None with consent."""
        if fields.consent is not False and not self._subjects:
            return None
        return opt_out(fields.consent, fields.user_id, fields.domain_userid, self._subjects)

    def of_bad_record(self, raw: bytes) -> OptOut | None:
        """The opt-out that can be read in a record that is no valid event. Never raises."""
        return readable_opt_out(raw, self._subjects)
