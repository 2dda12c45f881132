"""The campaign in a page's own address: ``utm_`` parameters and the click ids that advertising networks add.

Measured on two shared cores: 0.4 to 6 µs an address, 0.1 µs one that is remembered.
"""

import re
from typing import NamedTuple

from common.memoize import remembered
from contracts.lookup_api.lookups import Campaign
from core.derived.interface import Memo, MemoByText, Reason, Settings
from core.derived.web.page_address import LONGEST_REMEMBERED, beginning, site_of
from core.derived.web.text import decoded, decoded_name, well_formed
from core.lookups.lookup_keys import no_key


class ClickId(NamedTuple):
    network: str
    is_paid: bool
    """Whether it is added to advertisements only. Where a network marks every outgoing link, it does not tell the
    medium.
    """


CLICK_IDS = {
    "gclid": ClickId("Google", True),
    "gbraid": ClickId("Google", True),  # in place of gclid where an application is left or entered on iOS
    "wbraid": ClickId("Google", True),
    "dclid": ClickId("DoubleClick", True),
    "msclkid": ClickId("Microsoft", True),
    "fbclid": ClickId("Facebook", False),
    "ttclid": ClickId("TikTok", True),
    "twclid": ClickId("Twitter", True),
    "li_fat_id": ClickId("LinkedIn", True),
    "yclid": ClickId("Yandex", True),
    "rdt_cid": ClickId("Reddit", True),
    "epik": ClickId("Pinterest", True),
    "sccid": ClickId("Snapchat", True),
    "qclid": ClickId("Quora", True),
}
"""Parameter, in small letters, to its network. Of several in one address the first of this table counts."""
PAID = "paid"
"""``mkt_medium`` where the address has none and a click id shows that the click was paid for."""

_HOSTS = 4_096
_REMEMBERED = 16_384
_UTM = ("utm_medium", "utm_source", "utm_term", "utm_content", "utm_campaign")
_NAMES = frozenset((*_UTM, *CLICK_IDS))


def _however_encoded(name: str) -> str:
    return "".join(f"(?:{char}|%{ord(char):x}|%{ord(char.upper()):x})" for char in name)


_SEPARATOR = re.compile(
    rf"&(?:amp;)*|#|[?;](?=(?:{'|'.join(map(_however_encoded, (*_UTM, *CLICK_IDS)))})=)", re.IGNORECASE
)
"""A semicolon, or a second question mark (from a link builder that appended ``?`` to an address with a query),
separates where a campaign's parameter follows. Elsewhere it is a part of a value.
"""


def compute(page_url: str) -> Campaign | Reason:
    """``missing`` for a page without a campaign, ``invalid`` for what is no page's address."""
    return parse_campaign(page_url) or _reason(beginning(page_url))


def memo(_: Settings) -> Memo:
    return MemoByText(_REMEMBERED, LONGEST_REMEMBERED)


@remembered(_HOSTS, longest=LONGEST_REMEMBERED)
def _reason(start: str) -> Reason:
    """:param start: of a page's address, which tells as much as the whole and repeats."""
    # Access logs of one site leave the host out.
    is_page = site_of(start) is not None or start.startswith(("/", "?", "#"))
    return "missing" if is_page else no_key(start).status


def parse_campaign(page_address: str) -> Campaign | None:
    """None where neither the query nor the fragment has a campaign's parameter. The fragment is read because sites that
    may not change a query put tags behind the ``#``, where the usual trackers read them. Names are taken in any case;
    the first value that is not empty counts.
    """
    mark = page_address.find("?")
    if mark < 0 and "#" not in page_address:
        return None
    if "#" in page_address or ";" in page_address:
        parts = _parts(page_address)
    else:
        query = page_address[mark + 1 :]
        parts = query.split("&") if "?" not in query else _SEPARATOR.split(query)
    found: dict[str, str] = {}
    for part in parts:
        name, _, raw = part.partition("=")
        if "%" in name or "+" in name:
            name = decoded_name(name)
        name = name.lower()
        if name in _NAMES and name not in found and (value := decoded(well_formed(raw))) is not None:
            found[name] = value
    if not found:
        return None
    click = next((name for name in CLICK_IDS if name in found), None)
    medium = found.get("utm_medium")
    if medium is None and click is not None and CLICK_IDS[click].is_paid:
        medium = PAID
    return Campaign(
        mkt_medium=medium,
        mkt_source=found.get("utm_source"),
        mkt_term=found.get("utm_term"),
        mkt_content=found.get("utm_content"),
        mkt_campaign=found.get("utm_campaign"),
        mkt_clickid=None if click is None else found[click],
        mkt_network=None if click is None else CLICK_IDS[click].network,
    )


def _parts(page_address: str) -> list[str]:
    page, _, fragment = page_address.partition("#")
    return _SEPARATOR.split(f"{page.partition('?')[2]}#{fragment}")
