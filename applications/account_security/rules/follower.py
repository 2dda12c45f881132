"""Follows the topic of changes of rules, in one thread for a process, and puts every new rule set into effect.

The topic is compacted and small: it is read from its beginning at each start, so there are no offsets to keep. A job
that could not read it to its end does not start, for it would judge by rules that somebody has switched off.

The client library hides from its user that a broker is lost: it reports no records, as it does when there are none. So
the broker is asked for the end of the topic now and then, and only its answer, or a record, says that it is there.
"""

import logging
import threading
import time
from collections.abc import Callable

from applications.account_security.rules.effective import EffectiveRules
from common.kafka.client_config import ClientConfig
from common.kafka.topic_reader import Message, TopicReader, TopicUnavailable

_POLL_S = 0.2
_AGAIN_S = 2.0
_ASK_EVERY_S = 5.0
_CLOSE_S = 10.0
_log = logging.getLogger(__name__)


class RulesFollower:
    def __init__(  # noqa: PLR0917 - each is one thing that it needs
        self,
        bootstrap: str,
        login: ClientConfig,
        topic: str,
        effective: EffectiveRules,
        when_changed: Callable[[EffectiveRules, int], None],
        first_s: float,
    ) -> None:
        """Returns when the topic was read to its end.

        :param when_changed: called in the follower's thread when the topic was read to its end, and then for each
            change, also if only the refused changes are others; with how much of the topic they rest on, a number that
            only grows.
        :raises RuntimeError: if that was not possible within ``first_s``.
        """
        self._place = (bootstrap, login, topic)
        self._effective, self._when_changed = effective, when_changed
        self.seen_at = time.monotonic()
        """When the broker last told something of the topic."""
        self._read: dict[tuple[str, int], int] = {}
        self._ask_at, self._is_lost = 0.0, False
        self._stop, self._is_first = threading.Event(), threading.Event()
        self._error = ""
        self._thread = threading.Thread(target=self._run, name="rules", daemon=True)
        self._thread.start()
        if not self._is_first.wait(first_s):
            self._stop.set()
            raise RuntimeError(f"the topic {topic} was not read to its end within {first_s:g} s: {self._error}")

    def age_ms(self) -> int:
        """Time since the broker last told something of the topic, if only that nothing is new."""
        return round((time.monotonic() - self.seen_at) * 1000)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except TopicUnavailable as error:
                self._error = str(error)
                _log.warning("changes of rules: %s; trying again", error)
            except Exception as error:  # a bug: the thread must live on
                self._error = type(error).__name__
                _log.exception("changes of rules: %s; trying again", type(error).__name__)
            self._stop.wait(_AGAIN_S)

    def _follow(self) -> None:
        bootstrap, login, topic = self._place
        with TopicReader(bootstrap, [topic], isolation="read_committed", find_end=True, login=login) as reader:
            # All that is there is one change, so that rules which name each other come together.
            found: list[Message] = []
            while not reader.at_end and not self._stop.is_set():
                found += reader.batch(_POLL_S)
            if not self._stop.is_set():
                self.seen_at = time.monotonic()
                self._take(found, is_whole=True)
                self._is_first.set()
            while not self._stop.is_set():
                if messages := reader.batch(_POLL_S):
                    self.seen_at = time.monotonic()
                    self._take(messages, is_whole=False)
                self._ask(reader)

    def _ask(self, reader: TopicReader) -> None:
        """The reader stays as it is if there is no answer: its library connects again by itself."""
        if time.monotonic() < self._ask_at:
            return
        try:
            reader.end_offsets()
        except TopicUnavailable as error:
            if not self._is_lost:
                _log.warning("changes of rules: %s; the last known rules stay in effect", error)
            self._is_lost = True
        else:
            self.seen_at, self._is_lost = time.monotonic(), False
        self._ask_at = time.monotonic() + _ASK_EVERY_S

    def _take(self, messages: list[Message], *, is_whole: bool) -> None:
        refused, is_first = self._effective.refused, not self._is_first.is_set()
        for message in messages:
            self._read[message.topic(), message.partition()] = message.offset() + 1
        records = ((message.key(), message.value()) for message in messages)
        position = sum(self._read.values())
        if not self._effective.take(records, is_whole=is_whole, position=position) and not is_first:
            return
        for name, reason in self._effective.refused.items():
            if refused.get(name) != reason:
                _log.warning("a change of the rule %r is refused: %s", name, reason)
        _log.info("rules %s are in effect", self._effective.rule_set.version)
        self._when_changed(self._effective, position)
