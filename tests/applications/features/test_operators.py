"""The functions without a cluster: what counts where, what a record is made of and when, what a bug costs."""

import random
from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest

from applications.features import entity_states
from applications.features.config import Config, FeaturesConfig, JobGroup, SinkConfig
from applications.features.feature_file import features_of
from applications.features.kept import unpack_kept
from applications.features.operators import extract, keep
from applications.features.operators.extract import Extract, ReadErasures
from applications.features.operators.keep import Keep, StoreClosedError
from common.flink.fault_guard import MOST_IN_A_ROW, NotTheRecordsFaultError
from common.flink.packed_states import PackedStates
from common.flink.property_groups import KafkaConfig
from contracts.features.erasures import EraseFeatures, Forget
from contracts.features.records import FeatureState
from core.features.state import add, pack, unpack
from core.packing import UnknownFormatError
from deploy.paths import FEATURES_FILE
from tests.applications.features.events import (
    DAY,
    MINUTE,
    NOW,
    Event,
    behaviour_traffic,
    encode,
    folded,
    security_traffic,
    sign_in,
    values_of,
    view,
)
from tests.applications.features.fake_flink import Flink, Record, Store, count, records_of

TEXT = FEATURES_FILE.read_text()
FEATURES = features_of(TEXT)
HOUR = 60 * MINUTE
CONFIG = Config(
    job=JobGroup(mirrored_entities=8),
    kafka=KafkaConfig(bootstrap_servers="127.0.0.1:9092"),
    features=FeaturesConfig(publish_ms=1_000, publish_values=True),
    sink=SinkConfig(),
)

_KEEP: Any = Keep
"""Its store is a dictionary here."""


class Job:
    """The functions, and the rows between them in the order in which they were sent."""

    def __init__(self, clock: "Clock") -> None:
        self.clock, self.store = clock, Store()
        self.flinks = {name: Flink() for name in ("behaviour", "security", "erasures", "keep")}
        self.behaviour, self.security = Extract("behaviour", TEXT, 300_000), Extract("security", TEXT, 300_000)
        self.erasures = ReadErasures()
        for name in ("behaviour", "security", "erasures"):
            getattr(self, name).open(self.flinks[name])
        self.restart()

    def restart(self) -> None:
        """The state is what was written; what was in memory is gone."""
        self.keep = _KEEP(CONFIG, TEXT)
        self.keep.open(self.flinks["keep"])
        self.keep._store = self.store

    def see(self, *events: Event) -> list[Record]:
        return [record for each in events for record in self.receive("behaviour", encode(each))]

    def sign_in(self, *events: Event) -> list[Record]:
        return [record for each in events for record in self.receive("security", encode(each))]

    def receive(self, function: str, value: bytes) -> list[Record]:
        found: list[Record] = []
        flink = self.flinks["keep"]
        for row in getattr(self, function).process_element(value, self.flinks[function]):
            flink.key, packed = row
            found += records_of(self.keep.process_element(packed, flink))
        return found

    def erase(self, message: Forget | EraseFeatures) -> list[Record]:
        return self.receive("erasures", msgspec.msgpack.encode(message))

    def move(self, ms: int) -> list[Record]:
        """The clock goes on, and timers fire."""
        until, flink, found = self.clock.now + ms, self.flinks["keep"], list[Record]()
        while due := sorted(timer for timer in flink.timers if timer[0] <= until):
            at, flink.key = due[0]
            flink.timers.remove(due[0])
            self.clock.now = max(self.clock.now, at)
            found += records_of(self.keep.on_timer(at, flink))
        self.clock.now = until
        return found

    def count(self, function: str, name: str) -> int:
        return count(getattr(self, function), self.flinks[function], name)

    def state(self, key: str) -> Any:  # noqa: ANN401 - an EntityState
        return unpack(self.store.values[f"features:{key}"][1])


class Clock:
    def __init__(self) -> None:
        self.now = NOW + 10 * DAY

    def time_ns(self) -> int:
        return self.now * 1_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(extract, "time", made)
    monkeypatch.setattr(keep, "time", made)
    return made


@pytest.fixture
def job(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    monkeypatch.setattr(keep, "PackedStates", _states(PackedStates))
    made = Job(clock)
    yield made
    made.keep.close()


def _states(kind: Any) -> Any:  # noqa: ANN401 - PyFlink is not typed
    """Without the descriptor, which is Flink's own."""

    class States(kind):  # type: ignore[misc]
        def __init__(self, context: Flink, _: str, packed_as: object, *, mirrored: int, days: int | None) -> None:
            assert days is None, "an entity is forgotten by its own time to live"
            self._value, self._format = context.get_state(None), packed_as
            self._mirror = kind.__init__.__globals__["TwoGenerationCache"](mirrored)

    return States


def _last(records: Iterable[Record]) -> dict[str, FeatureState]:
    return {key: state for key, state in records if state is not None}


def test_an_event_counts_for_each_of_its_entities(job: Job) -> None:
    records = _last(job.see(view(1, NOW)))
    assert set(records) == {"user:u1", "listing:l1", "seller:s1"}
    assert records["listing:l1"].values["listing__views__1h"] == 1
    assert records["listing:l1"].values["listing__price__lifetime"] == 12.5
    assert records["user:u1"].values["user__last_listings__lifetime"] == ["l1"]
    assert set(job.store.values) == {"features:user:u1", "features:listing:l1", "features:seller:s1"}
    for key, record in records.items():
        newest, packed = job.store.values[f"features:{key}"]
        assert newest == record.newest_tstamp == NOW
        assert b64decode(record.state) == packed
        assert (record.features_version, record.written_tstamp) == (FEATURES.version, job.clock.now)


def test_a_repeated_event_counts_once(job: Job) -> None:
    job.see(view(1, NOW), view(1, NOW, session_is_repeated=True))
    assert values_of(FEATURES, "listing", job.state("listing:l1"), NOW)["listing__views__1h"] == 1
    assert job.count("behaviour", "events_repeated") == 1
    job.sign_in(sign_in(1, NOW), sign_in(1, NOW), sign_in(1, NOW + MINUTE))
    job.restart()
    job.sign_in(sign_in(1, NOW))
    assert values_of(FEATURES, "account", job.state("account:u1"), NOW)["account__sign_ins__1h"] == 1
    assert job.count("keep", "contributions_repeated") == 1


@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_a_naive_fold_in_any_order(job: Job, seed: int) -> None:
    behaviour = list(behaviour_traffic(800, seed=seed))
    security = list(security_traffic(400, seed=seed))
    # An account's repetitions come within days; a sessionized one says that it is one.
    twice = [*security, *security[::7]]
    twice.sort(key=lambda event: event["collector_tstamp"] + random.Random(event["event_id"]).randrange(6 * HOUR))
    records: list[Record] = []
    for number, each in enumerate(behaviour):
        records += job.see(each)
        records += job.sign_in(*twice[number * len(twice) // 800 : (number + 1) * len(twice) // 800])
        records += job.move(20)
        if number == 500:
            job.restart()
    records += job.move(2_000)
    expected = folded(FEATURES, behaviour, security)
    assert {f"features:{entity}:{name}" for entity, name in expected} == set(job.store.values)
    last = _last(records)
    for (entity, name), state in expected.items():
        stored, record = job.state(f"{entity}:{name}"), last[f"{entity}:{name}"]
        for later in (0, MINUTE, HOUR, DAY, 7 * DAY):
            t = state.newest + later
            assert values_of(FEATURES, entity, stored, t) == values_of(FEATURES, entity, state, t), (entity, name)
        assert record.values == values_of(FEATURES, entity, state, state.newest)
        assert unpack(b64decode(record.state)).newest == state.newest
    assert len(records) < job.store.calls / 2, "the topic has not each change"


def test_the_topic_has_a_record_a_second_and_always_the_last(job: Job) -> None:
    assert len(job.see(view(1, NOW, user_id=None))) == 2
    assert [job.see(view(2 + n, NOW + n, user_id=None)) for n in range(50)] == [[]] * 50
    assert job.store.values["features:listing:l1"][0] == NOW + 49, "the store has each change at once"
    job.restart()
    assert not job.move(999)
    calls = job.store.calls
    records = job.move(1)
    assert {key: state.values[f"{state.entity}__views__24h"] for key, state in _last(records).items()} == {
        "listing:l1": 51,
        "seller:s1": 51,
    }
    assert job.store.calls == calls + 2, "the store has it again: a killed process may not have written it"
    assert not job.move(HOUR)
    assert len(job.see(view(99, NOW + 99, user_id=None))) == 2


def test_without_an_interval_each_change_has_its_record(job: Job) -> None:
    job.keep._rules._publish_ms = 0
    assert [len(job.see(view(n, NOW + n))) for n in range(5)] == [3] * 5
    assert not job.move(MINUTE)


def test_an_opt_out_erases_user_and_account(job: Job) -> None:
    job.see(view(1, NOW))
    job.sign_in(sign_in(1, NOW))
    erased = job.erase(Forget("u1", NOW + MINUTE))
    assert erased == [("user:u1", None), ("account:u1", None)]
    assert set(job.store.values) == {"features:listing:l1", "features:seller:s1"}
    assert not job.move(MINUTE)
    assert not job.erase(Forget("u1", NOW + MINUTE)), "told again when the job behaviour starts"
    # What was on its way does not bring it back; what happens after they have come back counts.
    job.restart()
    job.see(view(2, NOW + 1))
    assert "features:user:u1" not in job.store.values
    assert job.count("keep", "contributions_erased") == 1
    job.see(view(3, NOW + 2 * MINUTE))
    assert values_of(FEATURES, "user", job.state("user:u1"), NOW + HOUR)["user__listing_views__24h"] == 1


def test_who_is_not_known_is_erased_all_the_same(job: Job) -> None:
    """The store may have it from a time before this state."""
    job.store.values["features:user:u9"] = NOW, b""
    assert job.erase(Forget("u9", NOW)) == [("user:u9", None), ("account:u9", None)]
    assert not job.store.values
    job.see(view(1, NOW, user_id="u9"))
    assert "features:user:u9" not in job.store.values


def test_one_entity_is_erased(job: Job) -> None:
    job.see(view(1, NOW))
    assert job.erase(EraseFeatures("seller", "s1", NOW)) == [("seller:s1", None)]
    assert set(job.store.values) == {"features:user:u1", "features:listing:l1"}
    assert not job.erase(EraseFeatures("browser", "b1", NOW)), "of the job behaviour"
    assert job.count("erasures", "erasures_read") == 2


def test_messages_of_another_kind_are_not_read(job: Job) -> None:
    for value in (b"", b"{", encode(view(1, NOW)), b"\x95\x01\xa1a\xa1b\xa1c\x01\x01", b"\x93\x02\x01\xc4\x00"):
        assert not job.receive("erasures", value)
    assert job.count("erasures", "erasures_unreadable") == job.count("erasures", "erasures_read") == 0
    assert not job.receive("erasures", b"\x93\x04\x01\x02")
    assert job.count("erasures", "erasures_unreadable") == 1


def test_an_entity_is_forgotten_when_its_time_to_live_is_over(job: Job) -> None:
    job.see(view(1, NOW, user_id=None, listing_seller_id=None))
    assert not job.move(29 * DAY)
    job.see(view(2, NOW + 29 * DAY, user_id=None, listing_seller_id=None))
    assert not [each for each in job.move(29 * DAY) if each[1] is None]
    assert job.move(2 * DAY) == [("listing:l1", None)]
    assert not job.flinks["keep"].values
    assert not job.flinks["keep"].timers
    assert not job.store.values
    assert job.count("keep", "entities_expired") == 1


def test_features_begin_anew_after_a_gap(job: Job) -> None:
    job.see(view(1, NOW, listing_id="a"), view(2, NOW + 61 * DAY, listing_id="b"))
    values = values_of(FEATURES, "user", job.state("user:u1"), NOW + 61 * DAY)
    assert values["user__last_listings__lifetime"] == ["a"], "it was ahead of the clock"
    job.clock.now += 100 * DAY
    job.see(view(3, NOW + 61 * DAY, listing_id="c"))
    assert values_of(FEATURES, "user", job.state("user:u1"), NOW + 61 * DAY)["user__last_listings__lifetime"] == ["c"]


def test_what_is_no_event_or_ahead_of_the_clock_counts_for_nothing(job: Job) -> None:
    for value in (b"", b"{", b"[]", b'{"event_id":7}', b"\xff"):
        assert not job.receive("behaviour", value)
        assert not job.receive("security", value)
    assert job.count("behaviour", "events_unreadable") == job.count("security", "events_unreadable") == 5
    assert not job.see(view(1, job.clock.now + HOUR))
    assert job.count("behaviour", "events_ahead") == 1


def test_a_bug_in_one_event_or_one_entity_stops_no_other(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(state: Any, at: int, told: Any) -> None:  # noqa: ANN401 - as core's
        add(state, at, told)
        if any(each.feature.entity == "listing" for each in told):
            raise ValueError("secret")

    job.see(view(1, NOW))
    with monkeypatch.context() as patched:
        patched.setattr(entity_states, "add", bug)
        for number in range(2 * MOST_IN_A_ROW):
            job.see(view(10 + number, NOW + 1_000))
    assert job.count("keep", "events_failed") == 2 * MOST_IN_A_ROW
    views = values_of(FEATURES, "seller", job.state("seller:s1"), NOW + HOUR)["seller__views__24h"]
    assert views == 1 + 2 * MOST_IN_A_ROW
    job.see(view(500, NOW + 2_000))
    after = values_of(FEATURES, "listing", job.state("listing:l1"), NOW + HOUR)
    assert after["listing__views__24h"] == 2, "what was half counted in memory was dropped"


def test_a_bug_that_every_record_meets_restarts_the_job(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError("secret")

    with monkeypatch.context() as patched:
        patched.setattr(entity_states, "add", bug)
        with pytest.raises(NotTheRecordsFaultError) as raised:
            job.see(*(view(n, NOW, listing_id=f"l{n}") for n in range(MOST_IN_A_ROW + 1)))
        assert "secret" not in str(raised.value)
    with monkeypatch.context() as patched:
        patched.setattr(extract, "encode", bug)
        assert not job.see(view(1, NOW))
        assert job.count("behaviour", "events_failed") == 1


def test_a_timer_that_meets_a_bug_fires_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ValueError

    job.see(view(1, NOW), view(2, NOW))
    with monkeypatch.context() as patched:
        patched.setattr(job.keep._records, "record", bug)
        assert not job.move(10_000)
    assert len(job.move(2 * MINUTE)) == 3


def test_a_state_of_a_newer_version_stops_the_job(job: Job) -> None:
    job.see(view(1, NOW))
    flink = job.flinks["keep"]
    flink.values = {key: value[:4] + b"\xff\xff" + value[6:] for key, value in flink.values.items()}
    job.restart()
    with pytest.raises(UnknownFormatError):
        job.see(view(2, NOW))


def test_a_store_that_takes_nothing_stops_the_task(job: Job) -> None:
    """It only refuses when the task is cancelled: the next checkpoint must not say that it was written."""
    job.store.is_open = False
    with pytest.raises(StoreClosedError):
        job.see(view(1, NOW))


def test_the_kept_value_has_the_store_s_bytes_behind_its_own(job: Job) -> None:
    job.sign_in(sign_in(1, NOW))
    kept = unpack_kept(job.flinks["keep"].values["account:u1"])
    assert kept.packed_state == pack(kept.state) == job.store.values["features:account:u1"][1]
    assert sum(map(len, kept.own.seen.values())) == 8


def test_an_erasure_that_is_asked_for_again_reaches_a_store_that_was_set_back(job: Job, clock: Clock) -> None:
    job.see(view(1, clock.now))
    copy = dict(job.store.values)
    erased = EraseFeatures("user", "u1", clock.now)
    job.erase(erased)
    job.store.values = dict(copy)
    assert not job.erase(erased), "the topic has its record"
    assert "features:user:u1" not in job.store.values
