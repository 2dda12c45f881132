"""Follows the topic of changes of rules, in one thread for a process, and puts every new rule set into effect.

The topic is compacted and small: it is read from its beginning at each start, so there are no offsets to keep. A job
that could not read it to its end does not start, for it would judge by rules that somebody has switched off.
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
_CLOSE_S = 10.0
_log = logging.getLogger(__name__)


class RulesFollower:
    def __init__(  # noqa: PLR0917 - each is one thing that it needs
        self,
        bootstrap: str,
        login: ClientConfig,
        topic: str,
        effective: EffectiveRules,
        when_changed: Callable[[EffectiveRules], None],
        first_s: float,
    ) -> None:
        """Returns when the topic was read to its end.

        :param when_changed: called in the follower's thread, also if only the refused changes are others.
        :raises RuntimeError: if that was not possible within ``first_s``.
        """
        self._place = (bootstrap, login, topic)
        self._effective, self._when_changed = effective, when_changed
        self.seen_at = time.monotonic()
        """When the topic was last heard of."""
        self._stop, self._is_first = threading.Event(), threading.Event()
        self._error = ""
        self._thread = threading.Thread(target=self._run, name="rules", daemon=True)
        self._thread.start()
        if not self._is_first.wait(first_s):
            self._stop.set()
            raise RuntimeError(f"the topic {topic} was not read to its end within {first_s:g} s: {self._error}")

    def age_ms(self) -> int:
        """Time since the topic was last read, if only to learn that nothing is new."""
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
                self._take(found)
                self._is_first.set()
            while not self._stop.is_set():
                self._take(reader.batch(_POLL_S))

    def _take(self, messages: list[Message]) -> None:
        self.seen_at = time.monotonic()
        if not messages:
            return
        refused = self._effective.refused
        if not self._effective.take((message.key(), message.value()) for message in messages):
            return
        for name, reason in self._effective.refused.items():
            if refused.get(name) != reason:
                _log.warning("a change of the rule %r is refused: %s", name, reason)
        _log.info("rules %s are in effect", self._effective.rule_set.version)
        self._when_changed(self._effective)
