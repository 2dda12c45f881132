"""What account events say about device and account, for account security: device id, client hints, e-mail domain.

All of it follows from ids, and not from further random numbers: a person keeps it, and the rest of the stream stays.
"""

import re
from hashlib import blake2b

from producers.synthetic.json_text import json_members

EMAIL_DOMAINS = (
    *("gmail.com",) * 9, *("gmx.de",) * 3, *("web.de",) * 3, *("outlook.com",) * 3, *("hotmail.com",) * 2,
    *("icloud.com",) * 2, *("yahoo.com",) * 2, "orange.fr", "free.fr", "libero.it", "t-online.de", "bluewin.ch",
    "schmidt.example", "lefevre.example", "studio-nord.example", "alpine-bikes.example", "gonzalez.example",
)  # fmt: skip
_CHROMIUM = re.compile(r" Chrome/(\d+)")
_BRANDS = (("Edg/", "Microsoft Edge"), ("SamsungBrowser/", "Samsung Internet"), ("HeadlessChrome/", "HeadlessChrome"))
_PLATFORMS = (("Windows NT", "Windows"), ("Android", "Android"), ("Macintosh", "macOS"), ("Linux", "Linux"))


def device_id(domain_userid: bytes) -> str:
    """The id that the identity service gives the device. The same browser always has the same."""
    return "d" + blake2b(domain_userid, digest_size=12).hexdigest()


def email_domain(user_id: bytes) -> str:
    """The domain of the account's e-mail address: a large provider's for most, their own for some."""
    return EMAIL_DOMAINS[blake2b(user_id, digest_size=4).digest()[0] % len(EMAIL_DOMAINS)]


def client_hints(useragent: str) -> dict[str, object]:
    """The user-agent client hints that a browser made from Chromium sends; nothing for any other."""
    version = _CHROMIUM.search(useragent)
    if version is None:
        return {}
    brand = next((name for token, name in _BRANDS if token in useragent), "Google Chrome")
    return {
        "client_hint_ua": f'"Chromium";v="{version[1]}", "{brand}";v="{version[1]}", "Not=A?Brand";v="24"',
        "client_hint_platform": next((name for token, name in _PLATFORMS if token in useragent), "Unknown"),
        "client_hint_mobile": " Mobile " in useragent,
    }


def of_device(domain_userid: bytes, useragent: str) -> bytes:
    """Members of the JSON object ``attributes`` that every account event from the device has."""
    return json_members({"device_id": device_id(domain_userid), **client_hints(useragent)})
