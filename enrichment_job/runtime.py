"""The worker runtime: all that hot and cold path share, opened once for each process and configuration.

In thread mode all functions of a task manager run in one interpreter: they share caches, requests and the mirror of
the suppression set. In process mode each Python worker has its own.
"""

import gc
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from common.log_bridge import keep_own_threads_out
from common.opt_outs.suppression import Suppression
from contracts.purposes.model import Purpose
from core.derived.interface import Settings
from core.derived.web.crawler_rules import parse_crawler_rules
from core.fragments import FragmentBuilder
from core.lookups.enrichment_lookup import EnrichmentLookup
from core.lookups.lookup_results import LookupResults
from core.privacy.envelopes import Envelopes
from core.privacy.key_source import load_key_ring
from core.privacy.payload_protection import protection
from core.privacy.pseudonyms import Pseudonyms
from core.projection import Projection
from core.registry import REGISTRY
from core.routing import Routing, events_that_need
from enrichment_job.config import NO_TRACING, LookupConfig, PrivacyConfig, TracingConfig
from enrichment_job.consent.consent_check import ConsentCheck
from enrichment_job.consent.subject_keys import SubjectKeyResults, SubjectKeyStore
from enrichment_job.lookups.engine import LookupEngine
from enrichment_job.metric_names import CounterName
from enrichment_job.output.emitter import Emitter
from enrichment_job.output.outcome_writer import OutcomeWriter, WriterGroup

if TYPE_CHECKING:
    from enrichment_job.tracing.job_tracing import JobTracing

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RuntimeConfig:
    """Travels to the task managers as part of the job graph.

    The key ring does not: ``privacy.keys_source`` only says where it is. What is in the property file does, such as
    ``lookup.api_key`` and passwords in Redis URLs.
    """

    lookup: LookupConfig
    privacy: PrivacyConfig
    purposes: tuple[Purpose, ...]
    internal_hosts: frozenset[str] = frozenset()
    tracing: TracingConfig = NO_TRACING
    crawlers: tuple[str, ...] = ()
    """The lines of the operator's own list of crawlers, so that no task manager needs the file."""


class WorkerRuntime:
    """Shared by functions of several threads."""

    def __init__(self, config: RuntimeConfig) -> None:
        """
        :raises KeyRingError: without usable keys.
        :raises RuntimeError: where the suppression set cannot be read: no event may leave without it.
        """
        keep_own_threads_out()  # before there are any
        self.config = config
        privacy = config.privacy
        keys = load_key_ring(privacy.keys_source)
        envelopes = Envelopes(keys.envelopes)
        pseudonyms = Pseudonyms(
            keys.epochs, with_event_ids=any(purpose.has_event_pseudonyms for purpose in config.purposes)
        )
        self.emitter = Emitter(pseudonyms, protection(privacy.rejected_payload, envelopes))
        self.routing = Routing([Projection(each, number, envelopes) for number, each in enumerate(config.purposes)])
        self.events_with_attributes = events_that_need("unstruct_event", config.purposes)
        """Of all others the text of the attributes need not be made."""
        builder = FragmentBuilder(config.purposes)
        derived = REGISTRY.bind(builder, Settings(config.internal_hosts, parse_crawler_rules(config.crawlers)))
        self.suppression: Suppression | None = None
        if privacy.suppression_redis_url:
            self.suppression = Suppression(privacy.suppression_redis_url.reveal(), privacy.suppression_refresh_ms)
        self.consent = ConsentCheck(self.suppression)
        self._tracing = _tracing(config.tracing) if config.tracing.is_on else None
        traces = None if self._tracing is None else self._tracing.lookups
        self.engine = LookupEngine(config.lookup, LookupResults(builder), traces=traces)
        self.subject_keys: LookupEngine | None = None
        if privacy.subject_keys_redis_url:
            self.subject_keys = _subject_keys(config.lookup, privacy)
        make_lookup = EnrichmentLookup if self._tracing is None else self._tracing.enrichment_lookup
        self.enrichment_lookup = make_lookup(self.engine, builder, derived, self.subject_keys)
        _log.info("%s", self.engine.warm_up())
        # Rules, patterns and lists stay as long as the process: the collector need not go through them again and again.
        gc.collect()
        gc.freeze()

    def outcome_writer(self, group: WriterGroup, path: Literal["hot", "cold"], *names: CounterName) -> OutcomeWriter:
        """A writer for one function instance; where tracing is on, one that makes spans as well.

        :param names: the counters of all outcomes that the function can have.
        """
        if self._tracing is None:
            return OutcomeWriter(group, *names)
        return self._tracing.outcome_writer(group, path, *names)

    def close(self) -> None:
        self.engine.close()
        if self.subject_keys is not None:
            self.subject_keys.close()
        if self.suppression is not None:
            self.suppression.close()
        if self._tracing is not None:
            self._tracing.close()


def _tracing(config: TracingConfig) -> "JobTracing":
    from enrichment_job.tracing.job_tracing import JobTracing  # noqa: PLC0415  # the SDK is for those who trace

    return JobTracing(config)


def _subject_keys(lookup: LookupConfig, privacy: PrivacyConfig) -> LookupEngine:
    """An engine over the store of subject keys: batches, single flight, cache and breaker as for any lookup."""
    ttl = privacy.subject_keys_ttl_ms
    config = msgspec.structs.replace(lookup, cache_ttl_ms=ttl, cache_negative_ttl_ms=ttl, cache_stale_ms=0)

    def open_store() -> SubjectKeyStore:
        return SubjectKeyStore(privacy.subject_keys_redis_url.reveal(), lookup.request_timeout_ms)

    return LookupEngine(config, SubjectKeyResults(), open_store)


_lock = threading.Lock()
_runtimes: dict[RuntimeConfig, tuple[WorkerRuntime, int]] = {}


def acquire(config: RuntimeConfig) -> WorkerRuntime:
    """The runtime of this configuration, opened if need be. Every call requires one :func:`release`."""
    with _lock:
        runtime, users = _runtimes.get(config) or (WorkerRuntime(config), 0)
        _runtimes[config] = (runtime, users + 1)
        return runtime


def release(runtime: WorkerRuntime) -> None:
    """Give it back. The last user's call closes it."""
    with _lock:
        _, users = _runtimes[runtime.config]
        if users > 1:
            _runtimes[runtime.config] = (runtime, users - 1)
            return
        del _runtimes[runtime.config]
    runtime.close()
