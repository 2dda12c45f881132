"""The visitors of an access log: who is the same one, and that nobody can tell the address from the id."""

import hashlib
import json
from pathlib import Path

import msgspec

from contracts.events.raw import RawEvent
from producers.access_log.formats import Format
from producers.access_log.replay import ReplaySettings
from tests.producers.access_log.test_json_lines import NGINX
from tests.producers.replayed import LINE, SALT, records, written

OTHER_SALT = b"another one"


def visitors(path: Path, *lines: bytes, salt: bytes = SALT) -> list[str | None]:
    sent, _ = records(written(path, *lines), Format.AUTO, visitor_salt=salt)
    return [msgspec.json.decode(each.value, type=RawEvent).actor.domain_userid for each in sent]


def test_a_visitor_is_an_address_with_a_user_agent(tmp_path: Path) -> None:
    other_address, other_agent = (LINE % 3).replace(b"192.0.2.7", b"192.0.2.8"), (LINE % 4).replace(b"agent/1", b"b/2")
    same_in_json = json.dumps({**NGINX, "remote_addr": "192.0.2.7", "http_user_agent": "agent/1"}).encode()
    first, again, neighbour, browser, same = visitors(
        tmp_path / "in", LINE % 1, LINE % 2, other_address, other_agent, same_in_json
    )
    assert first == again == same
    assert len({first, neighbour, browser}) == 3


def test_without_a_user_agent_the_address_is_a_visitor_and_without_an_address_there_is_none(tmp_path: Path) -> None:
    no_agent = [(LINE % second).replace(b'"agent/1"', b'"-"') for second in (1, 2)]
    no_address = (LINE % 3).replace(b"192.0.2.7", b"-")
    first, again, unknown = visitors(tmp_path / "in", *no_agent, no_address)
    assert first is not None
    assert (again, unknown) == (first, None)


def test_the_salt_decides_the_id(tmp_path: Path) -> None:
    once, again = (visitors(tmp_path / "in", LINE % 1, salt=SALT) for _ in range(2))
    other = visitors(tmp_path / "in", LINE % 1, salt=OTHER_SALT)
    assert once == again
    assert once != other


def test_a_run_without_a_salt_has_its_own_which_is_not_shown(tmp_path: Path) -> None:
    first, second = (ReplaySettings(path=tmp_path) for _ in range(2))
    assert first.visitor_salt != second.visitor_salt
    assert len(first.visitor_salt) >= 32
    assert repr(first.visitor_salt) not in repr(first)


def test_the_id_is_no_digest_of_the_address_alone(tmp_path: Path) -> None:
    (found,) = visitors(tmp_path / "in", LINE % 1)
    assert found is not None
    digest = found.removeprefix("log-")
    texts = (b"192.0.2.7", b"192.0.2.7\0agent/1", b"192.0.2.7agent/1")
    assert not any(hashlib.new(name, text).hexdigest()[:32] == digest for name in ("md5", "sha256") for text in texts)


def test_a_browser_id_in_the_log_is_kept(tmp_path: Path) -> None:
    logged = [json.dumps({**NGINX, "domain_userid": each}).encode() for each in ("b-17", "-", "")]
    kept, dash, blank = visitors(tmp_path / "in", *logged)
    assert kept == "b-17"
    assert dash == blank
    assert dash is not None
    assert dash.startswith("log-")
