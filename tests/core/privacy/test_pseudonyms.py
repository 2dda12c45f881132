from core.privacy.key_ring import read_key_ring
from core.privacy.pseudonyms import Pseudonyms, epoch_at, no_pseudonym, pseudonym
from tests.core.privacy.keys import KEYS, ROTATION

PSEUDONYMS = Pseudonyms(read_key_ring(KEYS).epochs)


def test_the_same_within_an_epoch_another_after_it() -> None:
    first = PSEUDONYMS.at(ROTATION - 2)("user_id", "u1")
    assert first == PSEUDONYMS.at(ROTATION - 1)("user_id", "u1")
    assert first != PSEUDONYMS.at(ROTATION)("user_id", "u1")
    assert first is not None
    assert first.startswith("e1.")
    assert "u1" not in first
    assert str(PSEUDONYMS.at(ROTATION)("user_id", "u1")).startswith("e2.")


def test_a_replay_gives_the_same_pseudonym_in_any_process() -> None:
    assert Pseudonyms(read_key_ring(KEYS).epochs).at(5)("user_id", "u1") == "e1.s5RS7T9K91KupYRwuZ339Q"


def test_fields_and_users_differ() -> None:
    at = PSEUDONYMS.at(0)
    assert len({at("user_id", "u1"), at("user_id", "u2"), at("domain_userid", "u1")}) == 3


def test_a_subjects_own_key_changes_all_of_its_pseudonyms() -> None:
    plain, own, other = PSEUDONYMS.at(0), PSEUDONYMS.at(0, b"k" * 32), PSEUDONYMS.at(0, b"l" * 32)
    assert len({made("user_id", "u1") for made in (plain, own, other)}) == 3
    assert own("user_id", "u1") == PSEUDONYMS.at(1, b"k" * 32)("user_id", "u1")


def test_none_for_a_destroyed_subject() -> None:
    assert no_pseudonym("user_id", "u1") is None


def test_an_events_id_has_a_pseudonym_whatever_became_of_its_subjects_key() -> None:
    epochs = read_key_ring(KEYS).epochs
    made = Pseudonyms(epochs, with_event_ids=True)
    expected = pseudonym(epoch_at(epochs, ROTATION), "event_id", "event-0001")
    assert expected.startswith("e2.")
    for pseudonymise in (made.at(ROTATION), made.at(ROTATION, b"k" * 32), made.without_subject(ROTATION)):
        assert pseudonymise("event_id", "event-0001") == expected
    assert made.without_subject(ROTATION)("user_id", "u1") is None
    assert made.at(ROTATION, b"k" * 32)("user_id", "u1") == PSEUDONYMS.at(ROTATION, b"k" * 32)("user_id", "u1")
    assert made.at(ROTATION)("user_id", "u1") == PSEUDONYMS.at(ROTATION)("user_id", "u1")
