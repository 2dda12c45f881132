"""Who has opted out: their sessions end without content, and their state and features go. Pure."""

from collections.abc import Collection

from applications.behaviour.features.features import Features
from applications.behaviour.metric_names import Count
from applications.behaviour.sessions.closing import forget
from applications.behaviour.visitors import output
from applications.behaviour.visitors.kept import Kept
from applications.behaviour.visitors.messages import Unlinked
from applications.behaviour.visitors.output import Record
from contracts.features.erasures import Forget


class Forgetting:
    def __init__(self, opted_out: Collection[str], count: Count, features: Features | None) -> None:
        self._opted_out, self._count, self._features = opted_out, count, features

    def has_opted_out(self, *subjects: str | None) -> bool:
        opted_out = self._opted_out
        return bool(opted_out) and any(each in opted_out for each in subjects)

    def forget(self, kept: Kept, tstamp: int) -> list[Record]:
        """All of a key, whose browser or account has opted out."""
        records: list[Record] = []
        for visitor in kept.visitors():
            if self._features is not None:
                self._features.erase(visitor.features)
            records += map(output.session, forget(visitor.sessions))
            key, state = visitor.key, visitor.state
            if key.kind == "account":
                records.append(output.no_identity(key.id, tstamp))
                browsers = {link.browser for link in state.links}
                records += [output.message(each, Forget(each, tstamp), tstamp) for each in sorted(browsers)]
            else:
                records += [output.message(each, Unlinked(each, key.id, tstamp), tstamp) for each in state.told]
            self._count("visitors_forgotten")
            kept.remove(visitor)
        return records

    def forget_unknown(self, message: Forget) -> list[Record]:
        """The record of an account, and a browser's features, may have outlived their state."""
        if self._features is not None:
            self._features.erase_unknown("browser", message.subject)
        return [output.no_identity(message.subject, message.tstamp)]
