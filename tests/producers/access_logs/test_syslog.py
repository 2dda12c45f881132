"""Lines that came by way of syslog."""

import pytest

from producers.access_logs import syslog
from producers.access_logs.request import Unparsable
from tests.producers.access_logs.log_lines import line, parsed, read

PREFIXES = [
    "Mar 12 10:11:12 web1 nginx: ",
    "Mar  2 10:11:12 web1 nginx[12]: ",
    "<190>Mar 12 10:11:12 web1 nginx: ",
    "<190>Mar 12 10:11:12 nginx: ",
    "Mar 12 2025 10:11:12 web1 httpd: ",
    "2025-03-12T10:11:12.123456+00:00 web1 nginx: ",
    "<190>1 2025-03-12T10:11:12.1Z web1 nginx 1 - - ",
    '<190>1 2025-03-12T10:11:12.1Z web1 nginx 1 ID7 [a@1 b="c \\] d"][e@2] ',
    "<190>1 - - nginx - - - \ufeff",
]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("client", ["203.0.113.9", "shop.example:443 203.0.113.9", "203.0.113.9, 10.0.0.7"])
def test_what_is_behind_the_prefix_is_read(prefix: str, client: str) -> None:
    request = parsed(prefix.encode() + line(client=client))
    assert request.address == "203.0.113.9"
    assert request.layout == "syslog+" + ("vhost_combined" if "shop" in client else "combined")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_json_log_behind_the_prefix(prefix: str) -> None:
    logged = '{"time_iso8601":"2025-03-12T10:11:12Z","remote_addr":"203.0.113.9","request":"GET /a HTTP/1.1"}'
    assert parsed((prefix + logged).encode()).layout == "syslog+json"


@pytest.mark.parametrize("prefix", ["Mar 12 10:11:12 web1 nginx ", "Maerz 12 10:11:12 web1 nginx: ", "web1 nginx: "])
def test_a_prefix_that_only_half_fits_makes_the_line_unparsable(prefix: str) -> None:
    assert syslog.message(prefix) is None
    assert isinstance(read(prefix.encode() + line()), Unparsable)


def test_what_syslog_itself_says_is_no_request() -> None:
    assert isinstance(read("Mar 12 10:11:12 web1 systemd[1]: Started nginx."), Unparsable)
