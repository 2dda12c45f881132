"""The least that a keyed job in Python can do: it parses an event and writes it again. No state.

A module of its own, because Flink pickles what the submitted program itself defines with all that it refers to.
"""

from collections.abc import Sequence

from pyflink.datastream import KeyedProcessFunction

from applications.behaviour.events.behaviour_event import read_event
from common.flink.record_batches import make_batch
from contracts.fixed_topics import SESSIONIZED


class PassOn(KeyedProcessFunction):  # type: ignore[misc]  # PyFlink is not typed
    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Sequence[bytes]:
        event = read_event(value)
        key = event.domain_userid or event.user_id or ""
        return (make_batch([(SESSIONIZED.name, key.encode(), value, event.collector_tstamp)]),)
