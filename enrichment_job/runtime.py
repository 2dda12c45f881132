"""The stage: everything that hot and cold path have in common, opened once for each process and configuration.

In thread mode all functions of a task manager run in one interpreter: they share caches, requests and the mirror of
the suppression set. In process mode each Python worker has its own.
"""

import gc
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from core.routing import Routing
from enrichment_job.config import NO_TRACING, LookupConfig, PrivacyConfig, TracingConfig
from enrichment_job.consent.subject_keys import SubjectKeyResults, SubjectKeyStore
from enrichment_job.lookups.engine import LookupEngine

if TYPE_CHECKING:
    from enrichment_job.tracing.job_tracing import JobTracing


@dataclass(frozen=True)
class RuntimeConfig:
    """Travels to the task managers; holds the place of the keys, never a key."""

    lookup: LookupConfig
    privacy: PrivacyConfig
    purposes: tuple[Purpose, ...]
    internal_hosts: frozenset[str] = frozenset()
    tracing: TracingConfig = NO_TRACING
    crawlers: tuple[str, ...] = ()
    """The lines of the operator's own list: no task manager needs the file."""


class WorkerRuntime:
    """Raises KeyRingError without usable keys, RuntimeError without the suppression set: better no job than a leak."""

    def __init__(self, config: RuntimeConfig) -> None:
        keep_own_threads_out()  # before there are any
        self.config = config
        privacy = config.privacy
        keys = load_key_ring(privacy.keys_source)
        envelopes = Envelopes(keys.envelopes)
        self.protect = protection(privacy.rejected_payload, envelopes)
        self.pseudonyms = Pseudonyms(
            keys.epochs, with_event_ids=any(purpose.has_event_pseudonyms for purpose in config.purposes)
        )
        self.routing = Routing([Projection(each, number, envelopes) for number, each in enumerate(config.purposes)])
        views = FragmentBuilder(config.purposes)
        derived = REGISTRY.bind(views, Settings(config.internal_hosts, parse_crawler_rules(config.crawlers)))
        self.suppression: Suppression | None = None
        if privacy.suppression_redis_url:
            self.suppression = Suppression(privacy.suppression_redis_url.reveal(), privacy.suppression_refresh_ms)
        self.tracing = _tracing(config.tracing) if config.tracing.is_on else None
        traces = None if self.tracing is None else self.tracing.lookups
        self.engine = LookupEngine(config.lookup, LookupResults(views), traces=traces)
        self.subjects: LookupEngine | None = None
        if privacy.subject_keys_redis_url:
            self.subjects = _subjects(config.lookup, privacy)
        self.desk = EnrichmentLookup(self.engine, views, derived, self.subjects)
        # Rules, patterns and lists stay as long as the process: the collector need not go through them again and again.
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        self.engine.close()
        if self.subjects is not None:
            self.subjects.close()
        if self.suppression is not None:
            self.suppression.close()
        if self.tracing is not None:
            self.tracing.close()


def _tracing(config: TracingConfig) -> "JobTracing":
    from enrichment_job.tracing.job_tracing import JobTracing  # noqa: PLC0415  # the SDK is for those who trace

    return JobTracing(config)


def _subjects(lookup: LookupConfig, privacy: PrivacyConfig) -> LookupEngine:
    """An engine over the store of subject keys: batches, single flight, cache and breaker as for any lookup."""
    ttl = privacy.subject_keys_ttl_ms
    config = msgspec.structs.replace(lookup, cache_ttl_ms=ttl, cache_negative_ttl_ms=ttl, cache_stale_ms=0)

    def store() -> SubjectKeyStore:
        return SubjectKeyStore(privacy.subject_keys_redis_url.reveal(), lookup.request_timeout_ms)

    return LookupEngine(config, SubjectKeyResults(), store)


_lock = threading.Lock()
_stages: dict[RuntimeConfig, tuple[WorkerRuntime, int]] = {}


def acquire(config: RuntimeConfig) -> WorkerRuntime:
    """The stage of this configuration, opened if need be. Every call wants one :func:`release`."""
    with _lock:
        stage, users = _stages.get(config) or (WorkerRuntime(config), 0)
        _stages[config] = (stage, users + 1)
        return stage


def release(stage: WorkerRuntime) -> None:
    """Give it back; the last one closes it."""
    with _lock:
        _, users = _stages[stage.config]
        if users > 1:
            _stages[stage.config] = (stage, users - 1)
            return
        del _stages[stage.config]
    stage.close()
