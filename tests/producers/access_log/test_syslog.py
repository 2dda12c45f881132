"""Lines that came through syslog."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.addresses import read_address
from producers.access_log import syslog
from producers.access_log.request import Unparsable
from tests.producers.access_log.log_lines import line, parsed, read

PREFIXES = [
    "Mar 12 10:11:12 web1 nginx: ",
    "Mar  2 10:11:12 web1 nginx[12]: ",
    "<190>Mar 12 10:11:12 web1 nginx: ",
    "<190>Mar 12 10:11:12 nginx: ",
    "Mar 12 2025 10:11:12 web1 httpd: ",
    "2025-03-12T10:11:12.123456+00:00 web1 nginx: ",
    "Mar 12 10:11:12 2001:db8::1 nginx: ",
    "Mar 12 10:11:12 fe80::1 nginx: ",
    "Mar 12 10:11:12 2001:db8:: nginx[7]: ",
    "Mar 12 10:11:12 web1:514 nginx: ",
    "2025-03-12T10:11:12Z 2001:db8::1 nginx[1]: ",
    "2025-03-12T10:11:12Z [2001:db8::1]:514 nginx: ",
    "2025-03-12T10:11:12Z 198.51.100.7 nginx: ",
    "<190>1 2025-03-12T10:11:12.1Z web1 nginx 1 - - ",
    '<190>1 2025-03-12T10:11:12.1Z web1 nginx 1 ID7 [a@1 b="c \\] d"][e@2] ',
    "<190>1 - - nginx - - - \ufeff",
]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("client", ["203.0.113.9", "shop.example:443 203.0.113.9", "203.0.113.9, 10.0.0.7"])
def test_the_message_after_the_prefix_is_read(prefix: str, client: str) -> None:
    request = parsed(prefix.encode() + line(client=client))
    assert request.address == "203.0.113.9"
    assert request.layout == "syslog+" + ("vhost_combined" if "shop" in client else "combined")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_json_log_with_a_syslog_prefix(prefix: str) -> None:
    logged = '{"time_iso8601":"2025-03-12T10:11:12Z","remote_addr":"203.0.113.9","request":"GET /a HTTP/1.1"}'
    assert parsed((prefix + logged).encode()).layout == "syslog+json"


@pytest.mark.parametrize("prefix", ["Mar 12 10:11:12 web1 nginx ", "Maerz 12 10:11:12 web1 nginx: ", "web1 nginx: "])
def test_a_malformed_prefix_makes_the_line_unparsable(prefix: str) -> None:
    assert syslog.message(prefix) is None
    assert isinstance(read(prefix.encode() + line()), Unparsable)


@pytest.mark.parametrize("prefix", PREFIXES)
@given(st.ip_addresses(v=6).map(str))
def test_an_ipv6_address_after_the_prefix_is_complete(prefix: str, client: str) -> None:
    assert parsed(prefix.encode() + line(client=client)).address == read_address(client)


@given(st.ip_addresses().map(str), st.sampled_from(["nginx", "nginx[1]", "web-log/x"]), st.booleans())
def test_the_host_in_the_syslog_prefix_is_never_the_client(host: str, tag: str, old: bool) -> None:
    prefix = f"{'Mar 12 10:11:12' if old else '2025-03-12T10:11:12Z'} {host} {tag}: "
    assert parsed(prefix.encode() + line(client="203.0.113.9")).address == "203.0.113.9"


@given(
    st.sampled_from(["2025-03-12T10:11:12Z", "2025-03-12 10:11:12", "Mar 12 10:11:12"]),
    st.ip_addresses(v=6).map(str) | st.sampled_from(["host:80 203.0.113.9", "[2001:db8::9]:80", "::ffff:203.0.113.9"]),
)
def test_half_of_an_ipv6_address_after_a_time_is_no_syslog_tag(at: str, client: str) -> None:
    assert isinstance(read(f"{at} ".encode() + line(client=client)), Unparsable)


@pytest.mark.parametrize(("client", "address"), [("203.0.113.9", "203.0.113.9"), ("[2001:db8::9]:1", "2001:db8::9")])
def test_a_tag_without_a_blank_after_it(client: str, address: str) -> None:
    assert parsed(b"Mar 12 10:11:12 web1 nginx:" + line(client=client)).address == address


def test_messages_of_syslog_itself_are_no_requests() -> None:
    assert isinstance(read("Mar 12 10:11:12 web1 systemd[1]: Started nginx."), Unparsable)
